#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cocci.sh TREE RULES...: run semantic patches on a git tree, in place.
#
# Each file is run alone: what spatch finds depends on how files are grouped.
# Only files with a textual hit are run (the "// Files:" line of the rules).

. "$(dirname "$0")/../lib.sh"

tree=$1
shift
need spatch coccinelle
cd "$tree"
for rules; do
	[ -f "$top/cocci/$rules.cocci" ] ||
		die "patches/series names cocci/$rules.cocci, which is missing" "mend the series"
	hits=$(sed -n 's,^// Files: ,,p' "$top/cocci/$rules.cocci")
	[ -n "$hits" ] ||
		die "cocci/$rules.cocci has no \"// Files:\" line" "add it"
	git grep -lE "$hits" -- '*.[ch]' >"$out/cocci.files" ||
		die "cocci/$rules.cocci has no file to work on" "is this a kernel tree?"
	echo "$rules: $(wc -l <"$out/cocci.files") files"
	xargs -a "$out/cocci.files" -P "$J" -n 1 "$top/scripts/series/spatch.sh" "$rules" ||
		die "semantic patch $rules failed on a file named above" "see the log; repeat"
done
