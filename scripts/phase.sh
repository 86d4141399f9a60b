#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# phase.sh NAME WHAT COMMAND [ARG]...: run one phase of the rig.
#
# Prints what it does, where the log is and how long it took; shows progress
# every ten seconds, the last line of the log; on failure prints the error line
# and the command to repeat. The command's own result lines (starting with "| ")
# are shown.
#
# Environment: LABEL, what the lines begin with (NAME): others may run beside it.

. "$(dirname "$0")/lib.sh"

name=$1
what=$2
shift 2
label=${LABEL:-$name}
mkdir -p "$logs"
log=$logs/$name.log
start=$(date +%s)
printf '=> %s: %s (log %s)\n' "$label" "$what" "${log#"$top"/}"
: >"$log"

progress()
{
	while sleep 10 >/dev/null 2>&1; do
		last=$(tail -n 20 "$log" | tr -d '\r' | tr '\t' ' ' | grep '[^ ]' | tail -n 1) || :
		printf '   %s, %d s: %.64s\n' "$label" $(($(date +%s) - start)) "${last:-$what}"
	done
}

progress &
ticker=$!
stop()
{
	kill "$ticker" 2>/dev/null || :
	wait "$ticker" 2>/dev/null || :
}
trap 'stop; echo "error: $name interrupted; run the same command again to continue" >&2; exit 130' INT TERM HUP

status=0
"$@" >"$log" 2>&1 </dev/null || status=$?
stop
spent=$(($(date +%s) - start))

# ended: in one piece, as others may print.
ended()
{
	sed -n 's/^| /   /p' "$log"
	if [ "$status" -eq 0 ]; then
		printf '   %s: done in %d s\n' "$label" "$spent"
		return
	fi
	grep -q '^error: ' "$log" || tail -n 8 "$log" | sed 's/^/   /'
	printf 'FAILED %s after %d s: %s\n' "$label" "$spent" "$*"
}
said=$(ended "$@")
printf '%s\n' "$said"

if [ "$status" -ne 0 ]; then
	grep '^error: ' "$log" | tail -n 1 >&2 ||
		echo "error: $name ended with status $status; read $log" >&2
	exit "$status"
fi
printf '%s\t%s\n' "$name" "$spent" >>"$out/times"
