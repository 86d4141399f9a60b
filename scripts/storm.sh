#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# storm.sh [--check]: five minutes of text poking (scripts/guest-storm.c) on two
# CPUs of the debugging kernel. Writes docs/results/storm-KERNEL.tsv; --check
# compares the table's hash with the one of what it was made of. How often each
# kind was gone through depends on the machine, so the table only says that it was.
#
# Environment: TABLE, of results.

. "$(dirname "$0")/lib.sh"

table=${TABLE:-$top/docs/results/storm-$KERNEL.tsv}
log=$out/boot-debug/soak.log

# inputs: what the table depends on.
inputs()
{
	{
		git -C "$linux" rev-parse 'HEAD^{tree}'
		grep '^soak	' "$top/scripts/modes-debug"
		cat "$top/scripts/storm.sh" "$top/scripts/guest-storm.c" "$top/kunit/x86_64.config" \
			"$top/kunit/suites.config" "$top/kunit/debug-pt.config"
	} | sha256sum | cut -d' ' -f1
}

# kinds: their names, as the program has them.
kinds()
{
	sed -n '/kinds\[\] = {/,/^};/s/^\t{ "\([^"]*\)".*/\1/p' \
		"$top/scripts/guest-storm.c"
}

[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"
if [ "${1:-}" = --check ]; then
	[ -f "$table" ] || die "there is no ${table#"$top"/}" "run: scripts/storm.sh"
	[ "$(sed -n 's/^# inputs: //p' "$table")" = "$(inputs)" ] ||
		die "${table#"$top"/} is of other inputs" "run: scripts/storm.sh"
	kinds | while read -r kind; do
		grep -qx "$kind	at least 1	pass" "$table" ||
			die "no pass of $kind in ${table#"$top"/}" "run: scripts/storm.sh"
	done
	echo "| $(kinds | wc -l) kinds of text poking have passed a storm"
	exit 0
fi

"$top/scripts/kernel.sh" "$top/kunit/debug-pt.config"
BUILD=debug "$top/scripts/boot.sh" soak
now=$(inputs)
kinds | while read -r kind; do
	tr -d '\r' <"$log" | grep -q "^# $kind: [1-9][0-9]*$" ||
		die "the storm did not go through $kind" "read $log"
	printf '%s\tat least 1\tpass\n' "$kind"
done >"$out/storm" || exit 1
{
	echo "# Written by scripts/storm.sh: what five minutes of text poking went through,"
	echo "# with every site compared. Fields are separated by tabs."
	echo "# inputs: $now"
	echo "# kind	times	verdict"
	cat "$out/storm"
} >"$table"
tr -d '\r' <"$log" | sed -n 's/^# \(.* sites compared.*\)/| \1/p'
