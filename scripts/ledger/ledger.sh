#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ledger.sh [TREE STEPS TABLES]: put every hit of the split fields in a class.
#
# Derives the ledger from the stock commit and the commits of the series, and
# compares it with the committed one; UPDATE=1 writes that instead. The tests
# give their own tree, list of steps and tables.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/ledger/common.sh"

tree=${1:-$linux}
steps=${2:-$out/ledger/steps}
tables=${3:-$top/cocci/ledger}
if [ $# -gt 0 ]; then
	out=$(dirname "$steps")
	# shellcheck disable=SC2034 # result() reads it
	results=$out/results
	KSRC=
fi
work=$out/ledger
committed=$tables/$KERNEL.tsv
derived=$work/$KERNEL.tsv

mkdir -p "$work"
if [ $# -eq 0 ] && [ -f "$out/steps" ]; then
	# What comes after the split is not about its fields.
	rows patches/series | awk -F'\t' '{ print $2 } $3 == "split" { exit }' |
		while read -r name; do
			awk -F'\t' -v n="$name" '$1 == n' "$out/steps"
		done >"$steps"
fi
if ! stock=$(git -C "$tree" rev-parse -q --verify 'stock^{tree}' 2>&1) ||
   [ ! -f "$steps" ]; then
	die "$tree is not a replayed tree" "run: make tree"
fi

# One search of all blobs takes 10 s, so it is kept for each stock tree.
hits=$work/hits-$stock
if [ ! -f "$hits" ]; then
	status=0
	git -C "$tree" -c core.quotePath=off grep --no-color -cwIF -e pgd \
		-e page_table_lock -e pgtables_bytes -e pmd_huge_pte stock \
		>"$hits.$$" || status=$?
	[ "$status" -le 1 ] ||
		die "git grep failed in $tree" "run: make tree"
	sed 's/^stock://' "$hits.$$" >"$hits.new"
	rm "$hits.$$"
	mv "$hits.new" "$hits"
fi
version=$(git -C "$tree" show stock:Makefile |
	awk '/^(VERSION|PATCHLEVEL|SUBLEVEL) =/ { v = v s $3; s = "." }
		END { print v }')

status=0
"$build/tools/ledger" "$tree" stock "$steps" "$hits" "$tables/other" \
	"$tables/by-hand" "$version" "$derived.new" || status=$?
[ "$status" -le 1 ] || exit "$status"
mv "$derived.new" "$derived"
[ "$status" -eq 0 ] || die \
	"$(grep -c '	unclassified	-$' "$derived") unclassified hits" \
	"convert them, or give the reason in cocci/ledger/other or by-hand"

sum=$(sed -n 's/^# all: \(.*\), 0 unclassified$/\1/p' "$derived")
result ledger "$(grep -vc '^#' "$derived") hits: $sum, 0 unclassified"
result sites "$(sed -n '/^# all/d; s/, [0-9]* comment.*//; s/^# \([a-z_]*: [0-9]* converted\)/\1/p' "$derived" |
	paste -sd ';' | sed 's/;/; /g')"

against_committed "$committed" "$derived" "$version" "make ledger"
