#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The picture of a small capture, and captures that must be refused.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

d=$build/test/show
sample=$top/scripts/tests/show
rm -rf "$d"
mkdir -p "$d"
program show "$top/scripts/boot/show.c"

# draw CAPTURE: picture, notes and status of it.
draw()
{
	"$build/tools/show" <"$1" >"$d/svg" 2>"$d/said"
}

if draw "$sample/capture"; then
	check "the picture of the sample is the golden one" cmp "$sample/golden.svg" "$d/svg"
else
	fail "the sample is drawn" "$(tail -n 1 "$d/said")"
fi
check "writable and executable is noted" \
	grep -qx 'note: EFI runtime services maps fffffffefe080000 .*' "$d/said"
check "nothing else is noted" test "$(wc -l <"$d/said")" -eq 1

# notes TEXT SED-SCRIPT PATTERN: an edit of the sample that must be noted.
notes()
{
	sed "$2" "$sample/capture" >"$d/capture"
	if draw "$d/capture"; then
		check "$1" grep -q "^note: $3" "$d/said"
	else
		fail "$1" "$(tail -n 1 "$d/said")"
	fi
}

# refused TEXT SED-SCRIPT PATTERN: an edit that must end with this one line.
refused()
{
	sed "$2" "$sample/capture" >"$d/capture"
	if draw "$d/capture"; then
		fail "$1" "it was drawn"
	elif [ "$(wc -l <"$d/said")" -ne 1 ] || ! grep -q "^error: .*$3.*; " "$d/said"; then
		fail "$1" "it said: $(tail -n 1 "$d/said")"
	else
		pass "$1"
	fi
}

# restricted SED-SCRIPT: the sample with isolation; the script makes the restricted table
# from that of the process.
restricted()
{
	sed '/^@ end/,$d' "$sample/capture"
	echo "@ restricted"
	sed -n '/^@ process/,/^@ end/{/^@/d;/^[A-Z]/d;p}' "$sample/capture" | sed "$1"
	echo "@ end"
}

hole='0xffff888000200000-0xffff888020000000     522240K                               pmd'
restricted "s/^0xffff888000200000.*/$hole/" >"$d/restricted"
check "a restricted table is drawn with what it leaves out" \
	sh -c '"$1" <"$2" 2>/dev/null | grep -q "leaves out 510M"' - "$build/tools/show" "$d/restricted"
restricted "" >"$d/whole"
check "one that leaves out nothing is drawn as such" \
	sh -c '"$1" <"$2" 2>/dev/null | grep -q "leaves out 0B"' - "$build/tools/show" "$d/whole"

poking='/^===\[ text/,/^===\[ EFI/'
notes "a kernel mapping with other access is noted" \
	"$poking s/^\(0xffffffff81a.*\) RW /\1 ro /" 'text poking maps ffffffff81a00000 unlike init_mm'
notes "a kernel mapping that is missing is noted" \
	"$poking s/^\(0xffffffff81a.*\) RW .* \(pmd\)/\1 \2/" 'text poking does not map ffffffff81a00000 like init_mm'
notes "a user mapping in the kernel half is noted" \
	"$poking s/^\(0xffffffff81a.*\)    RW /\1USR RW /" 'text poking maps ffffffff81a00000 writable and executable, or for users'
refused "a table without a dump is found" "$poking{/^===.*EFI/!d}" 'no dump of text poking'
refused "a dump without its lines is found" "$poking{/^[0.-]/d}" 'nothing is dumped of text poking'
refused "a dump of an unknown table is found" '/^text poking/d' 'text poking, which is not in the list'
refused "a line that is cut is found" "$poking s/ GLB NX pte\$//" 'without its level'
refused "a range that is cut is found" "$poking s/^\(0xffffffff81a[^-]*\).*/\1/" 'not a line of a dump'
refused "a line that is missing is found" "$poking{/^0xffffffff81a/d}" 'text poking continues at '
refused "an end that is missing is found" "$poking{/-0x00000000/d}" 'the dump of text poking ends at '
refused "a message between the lines is found" "$poking s/^0xffffffff81a.*/[ 1.0] message/" 'not a line of a dump: '
refused "a table with too few fields is found" 's/	-$//' '5 fields of a table instead of 6'
refused "a bad claim is found" 's/	ffffffef00000000-/	what-/' 'no claimed range: '
refused "a section that is missing is found" '/^@ dump/d' 'section process instead of dump\|not a line\|fields'
refused "a capture that is cut is found" '/^@ process/,$d' 'ends before section process'
refused "an empty capture is found" d 'ends before section kernel'
refused "a restricted table without a dump is found" 's/^@ end/@ restricted\n&/' 'nothing is dumped of restricted'
finish
