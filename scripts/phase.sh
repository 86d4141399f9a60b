#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# phase.sh NAME WHAT COMMAND [ARG]...: run one phase of the rig.
#
# Prints what it does, where the log is and how long it took; shows progress
# every ten seconds; on failure prints the error line and the command to
# repeat. The command's own result lines (starting with "| ") are shown.

. "$(dirname "$0")/lib.sh"

name=$1
what=$2
shift 2
mkdir -p "$logs"
log=$logs/$name.log
start=$(date +%s)
printf '=> %s: %s (log %s)\n' "$name" "$what" "${log#"$top"/}"

progress()
{
	while sleep 10 >/dev/null 2>&1; do
		printf '   %4d s  %.64s\n' $(($(date +%s) - start)) \
			"$(tail -n 1 "$log" | tr -d '\r' | tr '\t' ' ')"
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
sed -n 's/^| /   /p' "$log"

if [ "$status" -ne 0 ]; then
	grep -q '^error: ' "$log" || tail -n 8 "$log" | sed 's/^/   /'
	printf 'FAILED %s after %d s: %s\n' "$name" "$spent" "$*"
	grep '^error: ' "$log" | tail -n 1 >&2 ||
		echo "error: $name ended with status $status; read $log" >&2
	exit "$status"
fi
printf '%s\t%s\n' "$name" "$spent" >>"$out/times"
printf '   %s: done in %d s\n' "$name" "$spent"
