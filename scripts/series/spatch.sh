#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# spatch.sh RULES FILE: run one semantic patch on one file of the tree in the
# current directory, in place. Called by cocci.sh for each file.
#
# spatch skips what it cannot parse, and a file whose run timed out, in
# silence. Here each of these is an error that names the file. A region that
# does not parse may keep no hit, unless cocci/unparsed says who converts it.

. "$(dirname "$0")/../lib.sh"

rules=$top/cocci/$1.cocci
file=$2
hits=$(sed -n 's,^// Files: ,,p' "$rules")
converted=$(sed -n 's,^// Converted: ,,p' "$rules")
macros=$top/cocci/macros.h
report=$(mktemp "$out/spatch.XXXXXX")
trap 'rm -f "$report"' EXIT

status=0
spatch --no-includes --very-quiet --timeout 120 --macro-file "$macros" \
	-D patch --sp-file "$rules" --in-place "$file" \
	>"$report" 2>&1 || status=$?
[ "$status" -eq 0 ] ||
	die "spatch $1 died on $file (status $status)" "repeat; the step starts over"
! grep -qE '^(EXN|Fatal error|exception|timeout)|Timeout|previously modified' "$report" || {
	cat "$report"
	die "spatch $1 gave up on $file" "read the log; repeat"
}

spatch --parse-c "$file" --macro-file "$macros" >"$report" 2>&1 ||
	die "spatch could not read $file (status $?)" "read the log; repeat"
left=$(sed -n 's/^bad: //p; s/^BAD:!!!!! //p' "$report" | sed -E "s/$converted//g" | grep -aE "$hits") || :
[ -z "$left" ] || [ -n "$(cell cocci/unparsed "$file" 2)" ] || {
	printf '%s\n' "$left"
	die "spatch cannot parse a region of $file that has a hit" \
		"teach cocci/macros.h the macro, or convert by hand and add a row to cocci/unparsed"
}
