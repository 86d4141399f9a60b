#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test.sh [NAME...]: run the checks of scripts/checks, all of them or those
# named, several at a time. Every check runs, whatever the one before it said.
# The last line is "N passed, N failed, N skipped".
#
# Environment: AT_ONCE, how many checks run at a time (2); CHECKS, another table of
# checks below the top.

. "$(dirname "$0")/lib.sh"

[ -z "$KSRC" ] || die "the tests run on the stock sources" "run it without KSRC"
table=${CHECKS:-scripts/checks}
phase=$top/scripts/phase.sh
tab=$(printf '\t')

# log NAME KERNEL
log()
{
	echo "$build/$2/log/$1.log"
}

# prepare KERNEL: the stock tree of a kernel. Only a package that Debian no
# longer has is a reason to skip; it is said.
prepare()
{
	export KERNEL="$1" LABEL
	mkdir -p "$build/$1"
	if LABEL="fetch $1" "$phase" fetch "get the stock source of Linux $1" "$top/scripts/source/fetch.sh" &&
	   LABEL="import $1" "$phase" import "make a git tree of it" "$top/scripts/source/import.sh"; then
		state=ready
	elif grep -q 'has gone from the archive' "$build/$1/log/fetch.log"; then
		state=gone
	else
		state=failed
	fi
	echo $state >"$build/$1/prepared"
}

# one NAME KERNEL NUMBER: run a check; leave its status and time beside its log.
one()
{
	command=$(rows "$table" | awk -F'\t' -v n="$1" -v k="$2" '$1 == n && $2 == k { print $4 }')
	export KERNEL="$2" LABEL="$1 $2"
	log=$(log "$1" "$2")
	rm -f "$log" "$log.status"
	state=$(cat "$build/$2/prepared")
	[ "$state" != gone ] || return 0
	if [ "$state" != ready ]; then
		mkdir -p "${log%/*}"
		echo "not ok - there is no stock source of Linux $2" >"$log"
		sed "s/^/   $LABEL: /" "$log"
		return 0
	fi
	status=0
	began=$(date +%s)
	# Words of a command have no blanks.
	# shellcheck disable=SC2086
	(cd "$top" && "$phase" "$1" "check $3, $command on $2" $command) || status=$?
	echo "$status $(($(date +%s) - began))" >"$log.status"
	said=$(grep '^not ok - \|^ok - .* # SKIP ' "$log" | sed "s/^/   $LABEL: /") || :
	[ -z "$said" ] || printf '%s\n' "$said"
}

# What make runs below.
case ${1:-} in
--prepare | --one)
	unset MAKEFLAGS MFLAGS MAKELEVEL
	verb=${1#--}
	shift
	"$verb" "$@"
	exit 0
	;;
esac

mkdir -p "$build"
rows "$table" >"$build/checks.all" || :
if [ $# -gt 0 ]; then
	for name; do
		grep -q "^$name$tab" "$build/checks.all" ||
			die "no check called $name" "see $table"
	done
	# Those that are not wanted are not waited for.
	awk -F'\t' -v names=" $* " 'index(names, " " $1 " ")' "$build/checks.all"
else
	cat "$build/checks.all"
fi >"$build/checks.now"

began=$(date +%s)
failures=
"$phase" deps "install what the checks need" "$top/scripts/source/deps.sh" test || failures=" deps"

# make knows what can run beside what; a target always succeeds.
awk -F'\t' -v self="$top/scripts/test.sh" '
	{ name[NR] = $1; kernel[NR] = $2; after[NR] = $3; goal[$2 "/" $1] = 1; kernels[$2] = 1 }
	END {
		printf "all:"
		for (i = 1; i <= NR; i++)
			printf " %s/%s", kernel[i], name[i]
		print ""
		for (k in kernels)
			printf "%s/:\n\t@%s --prepare %s\n", k, self, k
		for (i = 1; i <= NR; i++) {
			printf "%s/%s: %s/", kernel[i], name[i], kernel[i]
			n = after[i] == "-" ? 0 : split(after[i], a, ",")
			for (j = 1; j <= n; j++) {
				w = a[j] ~ /\// ? a[j] : kernel[i] "/" a[j]
				if (w in goal)
					printf " %s", w
			}
			printf "\n\t@%s --one %s %s \"%d of %d\"\n", self, name[i], kernel[i], i, NR
		}
	}' "$build/checks.now" >"$build/checks.mk"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory --no-builtin-rules -k \
	-j"${AT_ONCE:-2}" -f "$build/checks.mk" all </dev/null || failures="$failures make"

passed=0
failed=0
skipped=0
: >"$build/checks.times"
while IFS=$tab read -r name kernel _ <&3; do
	if [ "$(cat "$build/$kernel/prepared" 2>/dev/null)" = gone ]; then
		skipped=$((skipped + 1))
		echo "   skipped: $name $kernel: Debian no longer has its package"
		continue
	fi
	log=$(log "$name" "$kernel")
	status=1
	spent=0
	[ ! -f "$log.status" ] || read -r status spent <"$log.status"
	printf '%s\t%s(%s)\n' "$spent" "$name" "$kernel" >>"$build/checks.times"
	p=$(grep -c '^ok - ' "$log" || :)
	s=$(grep -c '^ok - .* # SKIP ' "$log" || :)
	f=$(grep -c '^not ok - ' "$log" || :)
	p=${p:-0} s=${s:-0} f=${f:-0}
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
printf 'longest:%s\n' "$(sort -rn "$build/checks.times" | head -n 5 |
	awk -F'\t' '{ printf "%s %s %d s", (NR > 1 ? "," : ""), $2, $1 }')"
printf 'time: %d s\n' "$(($(date +%s) - began))"
[ -z "$failures" ] || printf 'failed:%s; run: scripts/test.sh NAME\n' "$failures"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ -z "$failures" ]
