#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# layout.sh: pahole of mm_struct before the series, after the split and at the
# end of the series, on x86-64.
#
# mm_struct must not grow; mmap_lock must keep its offset, and pgd and
# membarrier_state their distance and cache line, as their comments ask.
#
# mm/init-mm.c is compiled as kbuild did, with debug information, once with the
# headers of each commit.

. "$(dirname "$0")/../lib.sh"

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
		$(git -C "$linux" diff --name-only stock HEAD -- include arch/x86/include)) |
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

last=$(git -C "$linux" rev-parse HEAD)
layout stock
layout split
layout "$last"
for what in size mmap_lock pgd membarrier_state; do
	line=$what
	for commit in stock split "$last"; do
		case $what in
		size) n=$(size "$commit") ;;
		*) n=$(offset "$commit" $what) ;;
		esac
		[ -n "$n" ] || die "pahole does not show $what" "look at $dir/$commit/mm_struct"
		line="$line $n"
	done
	echo "$line"
done >"$dir/figures"

echo "| mm_struct on x86-64      stock   split  series"
awk '{ printf "|   %-18s %10d %7d %7d\n", $1, $2, $3, $4 }' "$dir/figures"
bad=$(awk '
	function distance(i, d) { d = at["pgd", i] - at["membarrier_state", i]; return d < 0 ? -d : d }
	function together(i) { return int(at["pgd", i] / 64) == int(at["membarrier_state", i] / 64) }
	{ for (i = 2; i <= NF; i++) at[$1, i] = $i }
	END {
		for (i = 3; i <= 4; i++) {
			who = i == 3 ? "split" : "series"
			if (at["size", i] > at["size", 2])
				printf " %s: mm_struct grows from %d to %d bytes;", who, at["size", 2], at["size", i]
			if (at["mmap_lock", i] != at["mmap_lock", 2])
				printf " %s: mmap_lock moves;", who
			if (distance(i) > distance(2))
				printf " %s: pgd and membarrier_state are %d bytes apart, not %d;", who, distance(i), distance(2)
			if (together(2) && !together(i))
				printf " %s: pgd and membarrier_state no longer share a cache line;", who
		}
	}' "$dir/figures")
[ -z "$bad" ] || die "layout:$bad" "compare $dir/stock/mm_struct with $dir/*/mm_struct"
result layout "$(awk '
	{ was[$1] = $2; is[$1] = $4 }
	END { printf "mm_struct: %d bytes (stock %d), mmap_lock at %d, pgd and membarrier_state %d bytes apart",
		is["size"], was["size"], is["mmap_lock"], is["pgd"] - is["membarrier_state"] }' "$dir/figures")"
echo "| no growth; mmap_lock, pgd and membarrier_state keep their distances"
