#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# "make test" itself: what fails, is skipped or does not end must be counted and named,
# and a check must not begin before those that it comes after.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"
# shellcheck source=fake.sh
. "$top/scripts/tests/fake.sh"

fake=$build/test/test
fake_project "$fake"
mkdir -p "$fake/build/download"
: >"$fake/build/download/linux-source-6.12_1_all.deb"
echo linux-source-6.12_1_all.deb >"$fake/build/6.12/stock.id"

# table ROW...: the checks; fields are separated by commas, here alone.
table()
{
	for row; do
		echo "$row" | tr , '\t'
	done >"$fake/scripts/checks"
}

# ends TEXT LINE: the last line of what it said.
ends()
{
	check "$1" test "$(tail -n 1 "$said")" = "$2"
}

table 'one,6.12,-,true' 'two,6.12,one,echo ok - planted'
check "checks that pass pass" fake test.sh
ends "and are counted" '2 passed, 0 failed, 0 skipped'
check "the longest are told" grep -q '^longest: [a-z]*(6.12) [0-9]* s, [a-z]*(6.12) [0-9]* s$' "$said"

table 'one,6.12,-,false' 'two,6.12,one,echo ok - planted # SKIP why' 'three,6.12,one,echo not ok - planted: fault'
fails "a check that fails fails all" fake test.sh
ends "and is counted" '0 passed, 2 failed, 1 skipped'
check "those that failed are named" grep -q '^failed: one(6.12) three(6.12); run: ' "$said"
check "a skip is told, with its check" grep -qx '   two 6.12: ok - planted # SKIP why' "$said"
check "so is what failed" grep -qx '   three 6.12: not ok - planted: fault' "$said"

# shellcheck disable=SC2016
printf '#!/bin/sh\nsleep 2\necho 1 >build/slow\n' >"$fake/scripts/slow.sh"
# shellcheck disable=SC2016
printf '#!/bin/sh\nkill -9 $(ps -o ppid= -p $PPID)\n' >"$fake/scripts/lost.sh"
chmod +x "$fake/scripts/slow.sh" "$fake/scripts/lost.sh"
table 'early,6.12,-,test ! -e build/slow' 'late,6.12,slow,test -e build/slow' 'slow,6.12,-,scripts/slow.sh'
check "a check waits for what it comes after, and others do not" fake test.sh
check "one that is named does not wait for the others" fake test.sh late
ends "and is alone" '1 passed, 0 failed, 0 skipped'
table 'lost,6.12,-,scripts/lost.sh'
fails "a check that is lost has failed" fake test.sh
ends "and is counted" '0 passed, 1 failed, 0 skipped'
table 'one,7.9,-,true'
refuses "an unknown check is named" "no check called none" test.sh none
fails "a kernel without a source fails its checks" fake test.sh
ends "and is counted" '0 passed, 1 failed, 0 skipped'
: >"$fake/scripts/checks"
fails "no check at all is a failure" fake test.sh
ends "and is counted" '0 passed, 1 failed, 0 skipped'
finish
