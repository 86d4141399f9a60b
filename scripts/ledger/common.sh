# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by the two ledgers: their program, and the comparison with what is committed.

. "$top/scripts/tests/tap.sh"

need git git
need cc gcc
program ledger "$top"/scripts/ledger/*.c

# against_committed COMMITTED DERIVED VERSION COMMAND: with UPDATE=1, write it instead.
against_committed()
{
	short=${1#"$top"/}
	if [ -n "$KSRC" ]; then
		echo "| your own tree: there is no committed ledger to compare with"
	elif [ -n "${UPDATE:-}" ]; then
		cp "$2" "$1"
		echo "| wrote $short"
	elif [ ! -f "$1" ]; then
		die "there is no $short" "run: UPDATE=1 $4"
	elif ! head -n 1 "$1" | grep -qF " in $3;"; then
		# Debian moved to another point release; everything has its class all the same.
		pass "nothing is unclassified"
		skip "the committed ledger" "it is not of $3; run: UPDATE=1 $4"
		echo "| $short is of another release than $3"
	elif ! cmp -s "$1" "$2"; then
		diff -U0 "$1" "$2" | sed -n '1,2d; s/^-/| committed: /p; s/^+/| derived:   /p' |
			head -n 40
		die "$short is not what the tree says" \
			"read the rows above; if the tree is right: UPDATE=1 $4"
	else
		echo "| the same as $short"
	fi
}
