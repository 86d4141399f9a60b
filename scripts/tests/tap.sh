# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by every test: one line a check, a count at the end.

passed=0
failed=0
skipped=0

pass()
{
	passed=$((passed + 1))
	printf 'ok - %s\n' "$1"
}

fail()
{
	failed=$((failed + 1))
	printf 'not ok - %s: %s\n' "$1" "$2"
}

skip()
{
	skipped=$((skipped + 1))
	printf 'ok - %s # SKIP %s\n' "$1" "$2"
}

# check TEXT COMMAND...: pass when the command succeeds.
check()
{
	text=$1
	shift
	if "$@"; then
		pass "$text"
	else
		fail "$text" "failed: $*"
	fi
}

# fails TEXT COMMAND...: pass when the command does not succeed.
fails()
{
	text=$1
	shift
	if "$@"; then
		fail "$text" "it passed"
	else
		pass "$text"
	fi
}

# says TEXT PATTERN COMMAND...: the command fails, and its error line says so.
# What it printed stays in $work/said.
says()
{
	text=$1
	pattern=$2
	shift 2
	if "$@" >"$work/said" 2>&1 </dev/null; then
		fail "$text" "it succeeded"
	elif ! grep -q "^error: .*$pattern" "$work/said"; then
		fail "$text" "it said: $(tail -n 1 "$work/said")"
	else
		pass "$text"
	fi
}

# plant FILE TO SED-SCRIPT [OPTION]: a copy of the file with a fault.
plant()
{
	sed ${4:+"$4"} "$3" "$1" >"$2"
	! cmp -s "$1" "$2" || die "the fault was not planted: $3" "compare $1 and $0"
}

# guest NAME SED-SCRIPT: guest/init with a fault, in what boot.sh takes as initramfs.
guest()
{
	plant "$top/scripts/guest/init" "$work/$1.init" "$2"
	"$top/scripts/build/initramfs.sh" "$work/$1.init" "$work/$1.gz"
	export INITRAMFS="$work/$1.gz"
}

# finish: the last call of a test; a test without a check has failed.
finish()
{
	[ $((passed + failed + skipped)) -gt 0 ] ||
		fail "$(basename "$0")" "made no check"
	printf '# %d passed, %d failed, %d skipped\n' \
		"$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
}
