#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ladder.sh [TREE COMMIT TABLES]: put every use of the functions that take a
# page table in a class.
#
# The names are those of cocci/mm_pgt_ladder.cocci. Derived from the commit
# (HEAD of the replayed tree) and compared with the committed ledger; UPDATE=1
# writes that instead. The tests give their own tree, commit and tables.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/ledger/common.sh"

tree=${1:-$linux}
commit=${2:-HEAD}
tables=${3:-$top/cocci/ledger}
rules=$top/cocci/mm_pgt_ladder.cocci
work=$out/ladder
committed=$tables/ladder-$KERNEL.tsv
derived=$work/ladder-$KERNEL.tsv

git -C "$tree" rev-parse -q --verify "$commit^{tree}" >/dev/null ||
	die "$tree is not a replayed tree" "run: make tree"
mkdir -p "$work"
names=$(sed -n 's/^identifier F =~ "^(\(.*\))\$";$/\1/p' "$rules" | sort -u)
[ "$(printf '%s\n' "$names" | wc -l)" -eq 1 ] ||
	die "the lists of names in ${rules#"$top"/} differ" "make them the same"

git -C "$tree" -c core.quotePath=off grep --no-color -lwIE "$names" "$commit" |
	sed "s/^$commit://" >"$work/files"
status=0
"$build/tools/ledger" ladder "$tree" "$commit" "$names" "$work/files" "$tables/ladder-other" \
	"$derived.new" || status=$?
[ "$status" -le 1 ] || exit "$status"
stock=$(cat "$out/stock.id")
echo "# Uses of the page-table ladder in $stock; made by: UPDATE=1 scripts/ledger/ladder.sh" |
	cat - "$derived.new" >"$derived"
[ "$status" -eq 0 ] || die \
	"$(grep -c '	unclassified$' "$derived") uses of the ladder give no table" \
	"convert them, or give the reason in cocci/ledger/ladder-other"

result ladder "$(grep -c '	table$' "$derived") of $(grep -c . "$derived.new") uses give a table, 0 unclassified"

against_committed "$committed" "$derived" "$stock" scripts/ledger/ladder.sh
