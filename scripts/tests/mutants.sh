#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The planted faults of the object: three of them here, all in "make soak"; and
# what mutants.sh must not take for a fault that was found.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

work=$build/test/mutants
rm -rf "$work"
mkdir -p "$work"

# refused NAME PATTERN: mutants.sh fails on the list $work/list, and says so.
refused()
{
	if LIST=${work#"$top"/}/list "$top/scripts/mutants.sh" >"$work/said" 2>&1; then
		fail "$1" "it passed"
	else
		check "$1" grep -q "^error: .*$2" "$work/said"
	fi
}

check "faults in mapping, flushing and switching are found" "$top/scripts/mutants.sh" \
	overlap-is-not-seen unmap-without-flush lazy-mode-goes-on

printf 'harmless\tmm/pg_table.c\ts/Contexts: page tables/Contexts: tables/\tdefault\n' >"$work/list"
refused "a change that is no fault is not found" "1 of 1 faults are not found"
printf 'nothing\tmm/pg_table.c\ts/no such text//\tdefault\n' >"$work/list"
refused "an edit that changes nothing is refused" "changes nothing"

sed 's/^# inputs: ./# inputs: -/' "$top/docs/results/mutants-$KERNEL.tsv" >"$work/table"
if TABLE=$work/table "$top/scripts/mutants.sh" --check >"$work/said" 2>&1; then
	fail "a table of other inputs is refused" "it passed"
else
	check "a table of other inputs is refused" grep -q "of other inputs" "$work/said"
fi
sed '$s/	found	/	missed	/' "$top/docs/results/mutants-$KERNEL.tsv" >"$work/table"
if TABLE=$work/table "$top/scripts/mutants.sh" --check >"$work/said" 2>&1; then
	fail "a table with a missed fault is refused" "it passed"
else
	check "a table with a missed fault is refused" grep -q "faults are found" "$work/said"
fi
finish
