#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# final.sh [--check]: make Documentation/, mm/, arch/ and include/ of this project the files
# that the series adds, as in its last commit in $series. They are for readers: nothing is
# made from them. --check only compares.

. "$(dirname "$0")/../lib.sh"

work=$out/final
dirs='Documentation mm arch include'
[ -s "$out/steps" ] && [ ! -f "$out/replaying" ] || die "there is no replayed series" "run: make tree"
rm -rf "$work"
mkdir -p "$work/files"
# Names have no blanks.
# shellcheck disable=SC2086
git -C "$series" diff --no-renames --diff-filter=A --name-only stock HEAD -- $dirs >"$work/list"
[ -s "$work/list" ] || die "the series adds no file" "look at $series"
# shellcheck disable=SC2046
git -C "$series" archive HEAD $(cat "$work/list") | tar x -C "$work/files"
cd "$top"
# shellcheck disable=SC2086
find $dirs -type f 2>/dev/null | sort - "$work/list" | uniq | while read -r f; do
	cmp -s "$work/files/$f" "$f" || echo "$f"
done >"$work/differ"

if [ "${1:-}" = --check ]; then
	[ ! -s "$work/differ" ] ||
		die "not as in the last commit of the series: $(paste -sd ' ' "$work/differ")" \
			"edit them in ${series#"$top"/} and run: make refresh"
	echo "| $(wc -l <"$work/list") files as in the last commit of the series"
	exit 0
fi
while read -r f; do
	if [ -f "$work/files/$f" ]; then
		mkdir -p "${f%/*}"
		cp "$work/files/$f" "$f"
		echo "| wrote $f"
	else
		rm "$f"
		echo "| removed $f"
	fi
done <"$work/differ"
