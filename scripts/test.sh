#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test.sh [NAME...]: run the checks of scripts/checks, all of them or those
# named. Every check runs, whatever the one before it said. The last line is
# "N passed, N failed, N skipped".

. "$(dirname "$0")/lib.sh"

[ -z "$KSRC" ] || die "the tests run on the stock sources" "run it without KSRC"
passed=0
failed=0
skipped=0
failures=
phase=$top/scripts/phase.sh
began=$(date +%s)

"$phase" deps "install what the checks need" "$top/scripts/deps.sh" test || failures=" deps"

# prepare KERNEL: the stock tree of a kernel. Only a package that Debian no
# longer has is a reason to skip; it is said.
prepare()
{
	export KERNEL="$1"
	log=$build/$1/log/fetch.log
	if "$phase" fetch "get the stock source of Linux $1" "$top/scripts/fetch.sh" &&
	   "$phase" import "make a git tree of it" "$top/scripts/import.sh"; then
		echo ready
	elif grep -q 'has gone from the archive' "$log"; then
		echo gone
	else
		echo failed
	fi >"$build/$1/prepared"
}

rows scripts/checks >"$build/checks.now"
prepared=
while IFS='	' read -r name kernel command <&3; do
	[ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	export KERNEL="$kernel"
	mkdir -p "$build/$kernel"
	if [ "$prepared" != "$kernel" ]; then
		prepare "$kernel"
		prepared=$kernel
	fi
	state=$(cat "$build/$kernel/prepared")
	if [ "$state" = gone ]; then
		skipped=$((skipped + 1))
		echo "   skipped: $name $kernel: Debian no longer has its package"
		continue
	fi
	log=$build/$kernel/log/$name.log
	status=0
	# Words of a command have no blanks.
	# shellcheck disable=SC2086
	(cd "$top" && "$phase" "$name" "$command on $kernel" $command) || status=$?
	p=$(grep -c '^ok - ' "$log" || :)
	s=$(grep -c '^ok - .* # SKIP ' "$log" || :)
	f=$(grep -c '^not ok - ' "$log" || :)
	grep '^not ok - \|^ok - .* # SKIP ' "$log" | sed 's/^/   /' || :
	if [ $((p + f)) -eq 0 ] && [ "$status" -eq 0 ]; then
		p=1
	elif [ "$f" -eq 0 ] && [ "$status" -ne 0 ]; then
		f=1
	fi
	passed=$((passed + p - s))
	failed=$((failed + f))
	skipped=$((skipped + s))
	[ "$f" -eq 0 ] || failures="$failures $name($kernel)"
done 3<"$build/checks.now"

if [ $((passed + failed + skipped)) -eq 0 ]; then
	failed=1
	failures="$failures nothing-ran"
fi
printf 'time: %d s\n' "$(($(date +%s) - began))"
[ -z "$failures" ] || printf 'failed:%s; run: scripts/test.sh NAME\n' "$failures"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ -z "$failures" ]
