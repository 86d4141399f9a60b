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
	mkdir -p "${log%/*}"
	status=0
	began=$(date +%s)
	case $(cat "$build/$2/prepared") in
	gone) echo "ok - $1 # SKIP Debian no longer has the package of Linux $2" >"$log" ;;
	ready)
		# Words of a command have no blanks.
		# shellcheck disable=SC2086
		(cd "$top" && "$phase" "$1" "check $3, $command on $2" $command) || status=$?
		;;
	*) echo "not ok - there is no stock source of Linux $2" >"$log" ;;
	esac
	printf '%s\t%s(%s)\n' $(($(date +%s) - began)) "$1" "$2" >>"$build/checks.times"
	{
		grep '^ok - \|^not ok - ' "$log" || [ $status -ne 0 ] || echo "ok - $1"
		[ $status -eq 0 ] || grep -q '^not ok - ' "$log" || echo "not ok - $1: it ended with status $status"
	} >"$log.new"
	echo "1..$(wc -l <"$log.new")" >>"$log.new"
	mv "$log.new" "${log%.log}.tap"
	said=$(grep '^not ok - \|^ok - .* # SKIP ' "${log%.log}.tap" | sed "s/^/   $LABEL: /") || :
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
: >"$build/checks.times"
# Results have no blanks in their names.
taps=$(awk -F'\t' -v b="$build" '{ print b "/" $2 "/log/" $1 ".tap" }' "$build/checks.now")
# shellcheck disable=SC2086
rm -f $taps
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

# prove finds what did not end, too; it does not say how many were skipped.
# shellcheck disable=SC2086
prove -Q --exec cat $taps >"$build/checks.proved" 2>/dev/null || :
failures="$failures$(sed -n "s,^$build/\([^/]*\)/log/\([^ ]*\)\.tap .*(Wstat: .*, \2(\1),p" \
	"$build/checks.proved" | tr -d '\n')"
# shellcheck disable=SC2086
cat $taps >"$build/checks.tap" 2>/dev/null || :
# count PATTERN
count() { grep -c "$1" "$build/checks.tap" || :; }
skipped=$(count '^ok - .* # SKIP ')
passed=$(($(count '^ok - ') - skipped))
failed=$(count '^not ok - ')
for tap in $taps; do
	[ -f "$tap" ] || failed=$((failed + 1))
done
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
