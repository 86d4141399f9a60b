#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ladder.sh [TREE COMMIT TABLES]: put every use of the functions that take a
# page table in a class.
#
# The names are those of cocci/mm_pgt_ladder.cocci. Derived from the commit
# (HEAD of the replayed tree) and compared with the committed ledger; UPDATE=1
# writes that instead. The tests give their own tree, commit and tables.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=../tests/tap.sh
. "$top/scripts/tests/tap.sh"

tree=${1:-$linux}
commit=${2:-HEAD}
tables=${3:-$top/cocci/ledger}
rules=$top/cocci/mm_pgt_ladder.cocci
work=$out/ladder
program=$build/tools/ladder
committed=$tables/ladder-$KERNEL.tsv
derived=$work/ladder-$KERNEL.tsv

need git git
need cc gcc
git -C "$tree" rev-parse -q --verify "$commit^{tree}" >/dev/null ||
	die "$tree is not a replayed tree" "run: make tree"
mkdir -p "$work" "$build/tools"
names=$(sed -n 's/^identifier F =~ "^(\(.*\))\$";$/\1/p' "$rules" | sort -u)
[ "$(printf '%s\n' "$names" | wc -l)" -eq 1 ] ||
	die "the lists of names in ${rules#"$top"/} differ" "make them the same"

if [ -n "$(find "$top/scripts/ledger" -newer "$program" 2>&1)" ]; then
	l=$top/scripts/ledger
	cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$program.$$" \
		"$l/ladder/ladder.c" "$l/lex.c" "$l/scope.c" \
		"$l/git.c" "$l/tables.c" "$l/util.c" ||
		die "scripts/ledger does not compile" "correct it"
	mv "$program.$$" "$program"
fi

git -C "$tree" -c core.quotePath=off grep --no-color -lwIE "$names" "$commit" |
	sed "s/^$commit://" >"$work/files"
status=0
"$program" "$tree" "$commit" "$names" "$work/files" "$tables/ladder-other" \
	"$derived.new" || status=$?
[ "$status" -le 1 ] || exit "$status"
mv "$derived.new" "$derived"
[ "$status" -eq 0 ] || die \
	"$(grep -c '	unclassified$' "$derived") uses of the ladder give no table" \
	"convert them, or give the reason in cocci/ledger/ladder-other"

result ladder "$(grep -c '	table$' "$derived") of $(grep -c . "$derived") uses give a table, 0 unclassified"
if [ -n "$KSRC" ]; then
	echo "| your own tree: there is no committed ledger to compare with"
elif [ -n "${UPDATE:-}" ]; then
	{
		echo "# Uses of the page-table ladder in $(cat "$out/stock.id"); made by: UPDATE=1 scripts/ledger/ladder.sh"
		cat "$derived"
	} >"$committed"
	echo "| wrote ${committed#"$top"/}"
elif [ ! -f "$committed" ]; then
	die "there is no ${committed#"$top"/}" "run: UPDATE=1 scripts/ledger/ladder.sh"
elif ! head -n 1 "$committed" | grep -qF " in $(cat "$out/stock.id");"; then
	pass "no use is unclassified"
	skip "the committed ledger of the ladder" "it is of another release; run: UPDATE=1 scripts/ledger/ladder.sh"
elif ! sed 1d "$committed" | cmp -s - "$derived"; then
	sed 1d "$committed" | diff -U0 - "$derived" |
		sed -n '1,2d; s/^-/| committed: /p; s/^+/| derived:   /p' |
		head -n 40
	die "${committed#"$top"/} is not what the tree says" \
		"read the rows above; if the tree is right: UPDATE=1 scripts/ledger/ladder.sh"
else
	echo "| the same as ${committed#"$top"/}"
fi
