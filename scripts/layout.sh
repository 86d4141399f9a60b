#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# layout.sh: pahole of mm_struct before and after the split, on x86-64.
#
# mm_struct must not grow; mmap_lock must keep its offset, and pgd and
# membarrier_state their distance and cache line, as their comments ask.
#
# mm/init-mm.c is compiled as kbuild did, with debug information, once with the
# headers of each commit.

. "$(dirname "$0")/lib.sh"

need pahole pahole
dir=$out/layout
cmd=$out/x86_64/mm/.init-mm.o.cmd
[ -f "$cmd" ] || die "the x86-64 kernel is not built" "run: make kernel"
[ -n "$(git -C "$linux" rev-parse -q --verify split)" ] ||
	die "the series has no commit tagged split" "run: make tree"
cc=$(sed -n 's/^savedcmd_[^ ]* := //p; s/^cmd_[^ ]* := //p' "$cmd" | head -n 1 |
	sed 's/ -o [^ ]*//; s/ -c / /; s/ [^ ]*init-mm\.c.*$//; s/-Wp,-MMD,[^ ]*//')

# layout COMMIT: compile and print it; the object has the debug information.
layout()
{
	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1"
	# shellcheck disable=SC2046
	git -C "$linux" archive "$1" -- mm/init-mm.c $(git -C "$linux" ls-tree -r --name-only "$1" -- \
		$(git -C "$linux" diff --name-only stock split -- include arch/x86/include)) |
		tar x -C "$dir/$1"
	h=$dir/$1
	# For the test of this check: an edit of the headers after the split.
	[ "$1" = stock ] || [ -z "${PLANT:-}" ] ||
		sed -i "$PLANT" "$h/include/linux/mm_types.h"
	# The first word is the compiler; the commit's headers come first.
	# shellcheck disable=SC2086
	(cd "$out/x86_64" && eval "${cc%% -*} -I'$h/arch/x86/include' -I'$h/include' -${cc#* -} -g -c -o '$h/init-mm.o' '$h/mm/init-mm.c'") ||
		die "mm/init-mm.c of $1 does not compile" "see the log"
	pahole -E -C mm_struct "$h/init-mm.o" >"$h/mm_struct"
	grep -q 'size: ' "$h/mm_struct" ||
		die "pahole finds no mm_struct in $h/init-mm.o" "is the object built with -g?"
}

# offset COMMIT FIELD: its offset in bytes; nested members count from the top.
offset()
{
	sed -n "s,^.*[ *})]$2\( __attribute__[^;]*\)*;[[:space:]]*/\* *\([0-9]*\) *[0-9]* \*/.*,\2,p" \
		"$dir/$1/mm_struct" | head -n 1
}

size()
{
	sed -n 's,.*/\* size: \([0-9]*\).*,\1,p' "$dir/$1/mm_struct" | tail -n 1
}

layout stock
layout split
bad=
echo "| mm_struct on x86-64      before   after"
for what in size mmap_lock pgd membarrier_state; do
	case $what in
	size) a=$(size stock) b=$(size split) ;;
	*) a=$(offset stock $what) b=$(offset split $what) ;;
	esac
	[ -n "$a" ] && [ -n "$b" ] ||
		die "pahole does not show $what" "look at $dir/*/mm_struct"
	printf '|   %-18s %10s %7s\n' "$what" "$a" "$b"
	eval "${what}_a=$a ${what}_b=$b"
done
# The variables are set by the eval above.
# shellcheck disable=SC2154
{
	[ "$size_b" -le "$size_a" ] || bad="$bad mm_struct grows from $size_a to $size_b bytes;"
	[ "$mmap_lock_a" -eq "$mmap_lock_b" ] || bad="$bad mmap_lock moves;"
	d_a=$((pgd_a - membarrier_state_a)) d_b=$((pgd_b - membarrier_state_b))
	[ "${d_b#-}" -le "${d_a#-}" ] || bad="$bad pgd and membarrier_state are ${d_b#-} bytes apart, not ${d_a#-};"
	[ $((pgd_a / 64 == membarrier_state_a / 64)) -le $((pgd_b / 64 == membarrier_state_b / 64)) ] ||
		bad="$bad pgd and membarrier_state no longer share a cache line;"
}
[ -z "$bad" ] || die "layout:$bad" "compare $dir/stock/mm_struct with $dir/split/mm_struct"
result layout "mm_struct: $size_b bytes (stock $size_a), mmap_lock at $mmap_lock_b, pgd and membarrier_state ${d_b#-} bytes apart"
echo "| no growth; mmap_lock, pgd and membarrier_state keep their distances"
