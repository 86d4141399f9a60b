# SPDX-License-Identifier: GPL-2.0
# Read by make before the kernel's own Makefile (variable MAKEFILES): compile
# an object of a directory that no single target reaches, as arch/s390/boot.
# Only the last of the two makes of an O= build may see the rule.
ifeq ($(sub_make_done),1)
.PHONY: identical-direct
identical-direct: prepare
	$(Q)$(MAKE) $(build)=$(patsubst %/,%,$(dir $(DIRECT))) $(DIRECT)
endif

# A row marked "text": its assembler lacks registers that the kernel uses, so
# the C compiler stops at assembly text, except for kbuild's own tools.
ifneq ($(IDENTICAL_TEXT),)
ifneq ($(filter-out scripts scripts/%,$(obj)),)
KBUILD_CFLAGS += -S
endif
endif
