#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# final.sh [--write NAME...]: what the series adds is also at the top level of this project,
# as the last step leaves it on the default kernel. Compare these files with the replayed
# tree, or write them, and remove those of NAME that are not in it.

. "$(dirname "$0")/../lib.sh"

if [ -n "$KSRC" ] || [ "$KERNEL" != "$(rows scripts/source/kernels | cut -f1 | head -n 1)" ]; then
	exit 0
fi
write=
if [ "${1:-}" = --write ]; then
	write=1
	shift
fi
cd "$linux"
names=$({ added; printf '%s\n' "$@"; } | grep . | sort -u)
[ -n "$names" ] || die "no step of the series adds a file" "look at patches/*.new.diff"
for f in $names; do
	if git cat-file -e "HEAD:$f" 2>/dev/null; then
		! git show "HEAD:$f" | cmp -s - "$top/$f" || continue
	else
		[ -f "$top/$f" ] || continue
	fi
	[ -n "$write" ] || die "$f is not what the last step leaves" \
		"edit it in ${linux#"$top"/}, or take its file from there: make refresh"
	if git cat-file -e "HEAD:$f" 2>/dev/null; then
		mkdir -p "$(dirname "$top/$f")"
		git show "HEAD:$f" >"$top/$f"
		echo "| wrote $f"
	else
		rm "$top/$f"
		echo "| removed $f"
	fi
done
echo "| $(printf '%s\n' "$names" | wc -l) files at the top level are those of the last step"
