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
printf 'bad\t%s\tfalse\t-\n' "$KERNEL" >>"$work/soaks"

says "a row without a result is told" "1 of 1 rows" "$soak" --check good
check "a command that passes gets a row" quietly good
check "the row has what it said" grep -q '^good	[0-9a-f]*	three of three$' "$SOAKED"
check "the row is of these inputs" quietly --check good
says "a command that fails fails" "failed: bad; " "$soak" bad
says "it has no row" "1 of 2 rows" "$soak" --check

sed 's/	three/ 0&/; s/^good	/&0/' "$SOAKED" >"$work/other"
says "a row of other inputs is told" "1 of 1 rows .* are not of these inputs" \
	env SOAKED="$work/other" "$soak" --check good
check "so is its name" grep -q '^not ok - good: it passed with other inputs; run: ' "$work/said"
sed -i 's/scripts\/soaks$/scripts\/checks/' "$work/soaks"
says "an input that changes is found" "1 of 1 rows" "$soak" --check good
sed -i 's/^# stock .*/# stock another/' "$SOAKED"
check "another stock source is a skip" quietly --check good
check "which is said" grep -q '^ok - good # SKIP it is of another, ' "$work/said"
says "an unknown row is named" "no soak called none" "$soak" none
finish
