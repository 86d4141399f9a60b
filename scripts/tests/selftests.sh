#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in what scripts/compare/selftests.sh looks at: each must be found and named.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/selftests
rm -rf "$work"
mkdir -p "$work"
selftests=$top/scripts/compare/selftests.sh
ours=$out/selftests/ours.tsv
table=$top/docs/results/selftests-$KERNEL.tsv
[ -f "$ours" ] || die "there is nothing to compare" "run: scripts/compare/selftests.sh"

# edited TEXT PATTERN SED-SCRIPT: an edit of our results that must be found.
edited()
{
	plant "$ours" "$work/ours" "$3"
	says "$1" "$2" "$selftests" --compare "$table" "$work/ours"
}

check "the results are as in the table" "$selftests" --compare "$table" "$ours"
edited "a test that fails is found" \
	"x86-pti x86 sigreturn_64: fail, .* the table has pass, " '/^x86-pti.*sigreturn_64/s/pass/fail/'
check "it is one line of the difference" \
	sh -c 'test "$(grep -c "^| >" "$1")" = 1 && grep -q "^| > x86-pti	x86	sigreturn_64	fail	" "$1"' sh "$work/said"
edited "a test that passes now is found" "x86 x86 mov_ss_trap_64: pass, .* the table has killed, " \
	'/^x86	.*	mov_ss_trap_64/s/killed/pass/'
edited "a part that fails is found" "mm mm cow: pass, 1 ok, the table has pass, [0-9]* ok;" \
	'/	cow	/s/[0-9]*$/1/'
edited "a missing line is found" "mm mm memfd_secret: no result, the table has pass" '/	memfd_secret	/d'
edited "a line too many is found" "mm mm other: pass, 1 ok, and no row of it in the table" \
	's/^mm	mm	memfd_secret	.*/&\nmm	mm	other	pass	1/'
sed '/^# stock/s/ .*/ stock another/' "$table" >"$work/other"
says "a table of another source is told" "the table is of another" "$selftests" --compare "$work/other" "$ours"
says "a table that is not there is told" "there is no " "$selftests" --compare "$work/none" "$ours"
: >"$work/empty"
says "no result at all is told" "there is no " "$selftests" --compare "$table" "$work/empty"
says "only the stock kernel makes the table" "the table is of the stock kernel" env UPDATE=1 STOCK= "$selftests"

# rowed TEXT PATTERN SED-SCRIPT: an edit of the table of programs that must be found.
rowed()
{
	plant "$top/scripts/compare/selftests" "$work/rows" "$3"
	says "$1" "$2" env SELFTESTS="${work#"$top"/}/rows" "$selftests" x86-pti
}

rowed "a program without a row is found" "mm cow has no row in " '/	cow	/d'
rowed "a row without a program is found" "names mm nothing, which" 's/^mm	cow	.*/&\nmm	nothing	mm	20	32	-	-	-/'
rowed "what is left out for no reason is found" "mm cow is not compared, for no reason" \
	's/	cow	mm	/	cow	-	/'

# runner TEXT PATTERN SED-SCRIPT: one mode with a fault in what runs the programs.
runner()
{
	plant "$top/scripts/guest/selftests" "$work/guest" "$3"
	says "$1" "$2" env GUEST="$work/guest" WHO=planted "$selftests" x86-pti
}

runner "a test that did not run is found" "x86-pti x86 sigreturn_64 did not run" \
	's/^\ttest=\$program$/&; [ $test != sigreturn_64 ] || continue/'
runner "a program that is not there is found" "x86-pti x86 sigreturn_64: fail, 0 ok, the table has pass" \
	's/^\tcd "\/selftests\/$suite".*/&; rm -f sigreturn_64/'
finish
