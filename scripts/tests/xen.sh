#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in the kernel that only Xen PV shows, one at a time: a boot as dom0
# must fail. Without a fault it passes.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

need ccache ccache
[ -d "$series/.git" ] || die "no kernel tree in $series" "run: make tree"
work=$out/tests/xen
tree=$work/linux
boot=$top/scripts/boot/boot.sh
mkdir -p "$work"
if [ ! -d "$tree" ]; then
	git -C "$series" worktree prune
	git -C "$series" worktree add -q --detach --force "$tree"
fi
git -C "$tree" checkout -q --force --detach "$(git -C "$series" rev-parse HEAD)"
"$top/scripts/build/config.sh" "$tree/obj" "$top/kunit/machine.config" "$top/kunit/machine-xen.config"

compile()
{
	make_image bzImage -s -C "$tree" O=obj ARCH=x86_64 CC="ccache gcc" -j"$J" >"$work/build.log" 2>&1 ||
		die "the kernel does not build: $(grep -m 1 error "$work/build.log")" "read $work/build.log"
}

# planted TEXT SAYS FILE EDIT: the edit is one of sed -E.
planted()
{
	git -C "$tree" checkout -q --force
	sed -E -i "$4" "$tree/$3"
	! git -C "$tree" diff --quiet || die "the fault was not planted: $1" "compare $3 and $0"
	compile
	says "$1" "$2" "$boot" xen-smp2
}

export IMAGE="$tree/obj/arch/x86/boot/bzImage" DIR="$work/boot" LIMIT=400
compile
check "a boot without a fault passes" "$boot" xen-smp2
planted "a context that takes its table pages for those of a process is found" \
	"check failed: ptdump, kunit=.*, kernel_log" arch/x86/xen/mmu_pv.c \
	's/if \(pg_table_is_[a-z]*\(pgd_page_owner\(page\)\)\)/if (0)/'
planted "a context that keeps an mm which is used lazily is found" \
	"check failed: kunit=" arch/x86/mm/tlb.c \
	'/^struct pg_table \*pg_table_enter\(/,/^}/s/cpu_feature_enabled\(X86_FEATURE_XENPV\)/0/'
planted "a table page that is freed while it is pinned is found" "mode xen-smp2: " \
	arch/x86/include/asm/pgalloc.h \
	's/^(#define arch_pg_table_release_pte\(pte\)).*/\1 ((void)(pte))/'
planted "a root that is not pinned is found" "mode xen-smp2: " \
	arch/x86/include/asm/mmu_context.h \
	's/^(#define arch_pg_table_pin\(pgt\)).*/\1 ((void)(pgt))/'
planted "a user root that there is no memory for is found" "check failed: kunit=.*, kernel_log" \
	arch/x86/xen/mmu_pv.c \
	'/^static int xen_pgd_alloc\(/,/^}/s/^\treturn ret;/\tBUG_ON(PagePinned(virt_to_page(xen_get_user_pgd(pgd))));\n&/'
git -C "$tree" checkout -q --force
finish
