#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The table of what is too long for CI: a result that is missing, failed, of other
# inputs or of another stock source must be told.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/soak
rm -rf "$work"
mkdir -p "$work"
SOAKED=$work/table
SOAKS=${work#"$top"/}/soaks
export SOAKED SOAKS
soak=$top/scripts/soak.sh

# quietly ARG...: what it prints is in $work/said.
quietly()
{
	"$soak" "$@" >"$work/said" 2>&1
}

printf 'good\t%s\techo | three of three\tscripts/soaks\n' "$KERNEL" >"$work/soaks"
printf 'bad\t%s\tscripts/boot/boot.sh nosuch\t-\n' "$KERNEL" >>"$work/soaks"

# said LINE: --check of the row says so, and does not fail.
said()
{
	quietly --check "${2:-good}" && grep -q "^$1" "$work/said"
}

check "a row without a result is a skip" said 'ok - good # SKIP not run with these inputs; run: '
check "a command that passes gets a row" quietly good
check "the row has what it said" grep -q '^good	[0-9a-f]*	passed	three of three$' "$SOAKED"
check "the row is of these inputs" said 'ok - good: three of three'
says "a command that fails fails" "failed: bad; " "$soak" bad
says "its row is not ok" "1 of 2 rows of .* have failed" "$soak" --check
check "what it said is told" grep -q '^not ok - bad: no boot mode called nosuch' "$work/said"
check "the other row is still told" grep -q "^ok - good: three of three" "$work/said"

sed 's/^good	/&0/' "$SOAKED" >"$work/other"
SOAKED=$work/other check "a row of other inputs is a skip" said 'ok - good # SKIP not run with these'
# changed TEXT: a row that failed is not ok whatever its inputs are now.
changed()
{
	says "$1" "1 of 1 rows of .* have failed" "$soak" --check bad
	check "$1, as not ok" grep -q "^not ok - bad: no boot mode called nosuch" "$work/said"
}
sed "s/^bad	/&0/" "$SOAKED" >"$work/other"
SOAKED=$work/other changed "a row that failed with other inputs has failed"
sed -i 's/scripts\/soaks$/scripts\/checks/' "$work/soaks"
check "an input that changes is found" said 'ok - good # SKIP not run with these'
sed -i 's/^# stock .*/# stock another/' "$SOAKED"
check "another stock source is a skip" said 'ok - good # SKIP it is of another, '
changed "a row that failed with another stock source has failed"
sed -i '/^bad/d' "$work/soaks"
says "a failure whose row is gone is not lost" "1 of 1 rows of .* have failed" "$soak" --check
check "a later result keeps it" sh -c '"$1" good >/dev/null 2>&1; grep -q "^bad	" "$SOAKED"' - "$soak"
says "an unknown row is named" "no soak called none" "$soak" none
finish
