# SPDX-License-Identifier: GPL-2.0
# Targets of the rig; "make help" lists them. Each phase is a script.

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := all

KERNEL ?= 6.12
LEVEL ?= make
export KERNEL KSRC J ARCHS STEPS DISCARD ACCEL N SEED

phase := @scripts/phase.sh

.PHONY: all help test soak check deps fetch tree kernel boot deb shell kunit show bench mutants \
	ledger ladder identical compile layout series refresh begin import proof report clean

all: begin tree kernel ledger proof layout boot report
all: MODE = default pti-on pti-off la57-off smp2 efi
all: export SAME = 1
boot shell kunit show mutants series check: LEVEL = test
identical compile: LEVEL = soak
bench: LEVEL = bench
deb: LEVEL = deb

help:
	@sed -n 's/^#| \{0,1\}//p' Makefile

#| make              from the stock source to a converted, verified x86-64 kernel that boots
#| make test         every check that fits in CI; ends "N passed, N failed, N skipped"
#|
#| Work on the kernel (in build/KERNEL/linux, one commit a step)
#|   make tree       replay patches/series; DISCARD=1 drops edits in the tree
#|   make refresh    commits edited in the tree become the project's files again
#|   make series     write and check the sections of the series as mail; PART=contexts: one
#|
#| Prove and run
#|   make ledger     put every use of the fields in a class; make ladder: of the functions
#|   make identical  compare object code before and after; ARCHS="arm64 s390x"
#|   make compile    compile what the steps after the split touch; ARCHS=...
#|   make kernel     build x86-64; make layout: pahole of mm_struct before and after
#|   make boot       boot it; MODE=pti-on, see scripts/boot/modes; make shell: with a shell at the end
#|   make deb        Debian packages of it; CONFIG=/boot/config-...: for your machine
#|   make show       boot with EFI, and with isolation, and draw the page tables, docs/show*.svg
#|   make bench      what a context costs in instructions, stock against ours; ALL=1: all rows
#|   make kunit      KUnit by the kernel's kunit.py; ARCH=um or x86_64
#|   make mutants    put faults into the kernel; N=100 SEED=1: drawn, else scripts/mutate/mutants
#| Keep it
#|   make check      style of this project's own files
#|   make soak       what is too long for CI, into docs/results/
#|   make clean      remove what was built; the download stays
#|
#| KERNEL=6.12 (default) or 7.2; KSRC=DIR: your own kernel tree, which is only read

begin:
	@scripts/report.sh begin

deps:
	$(phase) deps "install what is missing" scripts/source/deps.sh $(LEVEL)

fetch: deps
ifeq ($(KSRC),)
	$(phase) fetch "get the stock source of Linux $(KERNEL)" scripts/source/fetch.sh
endif

import: fetch
	$(phase) import "make a git tree of it" scripts/source/import.sh

tree: import
	$(phase) tree "replay patches/series" scripts/series/tree.sh

kernel: tree
	$(phase) kernel "build x86-64" scripts/build/kernel.sh

boot: kernel
	$(phase) boot "boot it" scripts/boot/boot.sh $(MODE)

deb: tree
	$(phase) deb "build Debian packages of x86-64" scripts/build/deb.sh $(CONFIG)

shell: kernel
	@scripts/boot/boot.sh --shell $(or $(MODE),default)

kunit: tree
	$(phase) kunit "run KUnit" scripts/boot/kunit.sh $(ARCH)

show: kernel
	$(phase) show "draw the page tables of a booted kernel" scripts/boot/show.sh efi
	$(phase) show-asi "draw those of isolated processes" scripts/boot/show.sh asi

bench: tree
	$(phase) bench "measure stock against ours, in instructions" scripts/compare/bench.sh

mutants: tree
	$(phase) mutants "plant faults in the kernel" scripts/mutate/mutants.sh $(FAULTS)

ledger: tree
	$(phase) ledger "put every textual hit in a class" scripts/ledger/ledger.sh

ladder: tree
	$(phase) ladder "put every use of the ladder in a class" scripts/ledger/ladder.sh

identical: tree
	$(phase) identical "compare object code before and after" scripts/compare/identical.sh

compile: tree
	$(phase) compile "compile what the steps after the split touch" \
		scripts/compare/identical.sh --compile

proof: tree
	$(phase) identical "compare touched x86-64 objects before and after" \
		env ARCHS=x86_64-lean VMLINUX=0 scripts/compare/identical.sh

layout: kernel
	$(phase) layout "compare the layout of mm_struct" scripts/compare/layout.sh

series: tree
	$(phase) series "write the series as mail" scripts/series/series.sh $(PART)

refresh:
	$(phase) refresh "make the edited commits the project's files" scripts/series/refresh.sh

report:
	@scripts/report.sh

check: deps
	$(phase) check "style of the project's own files" scripts/tests/check.sh

test:
	@scripts/test.sh

soak:
	@scripts/soak.sh

clean:
	rm -rf build/$(KERNEL)
