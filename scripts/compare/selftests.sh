#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# selftests.sh [MODE...|--compare BASELINE RESULT]: the kernel's own programs of
# tools/testing/selftests, as scripts/compare/selftests names them, in the modes of
# scripts/compare/selftests-modes; each has to end as with the stock kernel.
#
# The programs are of the stock source, linked statically, and the same for both
# kernels. docs/results/selftests-KERNEL.tsv is what the stock kernel makes of them
# under TCG, also where that is a failure. A program that is not built has a row too.
#
# Environment: STOCK=1, boot the stock kernel; with UPDATE=1, write the table from it.
# SELFTESTS, another table of programs, below the top; GUEST, another guest/selftests;
# WHO, a name for the results instead of ours.

. "$(dirname "$0")/../lib.sh"

table=${SELFTESTS:-scripts/compare/selftests}
modes=scripts/compare/selftests-modes
baseline=$top/docs/results/selftests-$KERNEL.tsv
work=$out/selftests
who=${STOCK:+stock}
who=${WHO:-${who:-ours}}
tab=$(printf '\t')
source=$out/stock
programs=$work/programs

# compare BASELINE RESULT [MODE]...: a difference is a line; the first one is the error.
compare()
{
	[ -s "$1" ] || die "there is no $1" "run: UPDATE=1 STOCK=1 scripts/compare/selftests.sh"
	[ -s "$2" ] || die "there is no $2" "run: scripts/compare/selftests.sh"
	was=$(sed -n 's/^# stock //p' "$1")
	[ "$was" = "$(cat "$out/stock.id")" ] ||
		die "the table is of $was, the stock source is $(cat "$out/stock.id")" \
			"run: UPDATE=1 STOCK=1 scripts/compare/selftests.sh"
	before=$1 after=$2
	shift 2
	of=" - ${*:-$(rows $modes | cut -f1 | paste -s -d' ')} "
	awk -F'\t' -v of="$of" '!/^#/ && index(of, " " $1 " ")' "$before" >"$work/before"
	grep -v '^#' "$after" >"$work/after" || :
	[ "$(wc -l <"$work/before")" -gt 10 ] ||
		die "$before has next to no rows" "run: UPDATE=1 STOCK=1 scripts/compare/selftests.sh"
	diff "$work/before" "$work/after" >"$work/diff" && return
	sed -n 's/^[<>] /| &/p' "$work/diff"
	die "$(awk -F'\t' '{ test = $1 " " $2 " " $3; said = $4 ", " $5 " ok" }
		NR == FNR { before[test] = said; order[++n] = test; next }
		{ after[test] = said }
		!(test in before) && !extra { extra = test ": " said ", and no row of it in the table" }
		END {
			for (i = 1; i <= n; i++) {
				test = order[i]
				if (!(test in after)) {
					print test ": no result, the table has " before[test]
					exit
				} else if (after[test] != before[test]) {
					print test ": " after[test] ", the table has " before[test]
					exit
				}
			}
			print extra ? extra : "the order of the rows"
		}' "$work/before" "$work/after")" "read $work/diff and the logs in $work/$who"
}

# make_suite SUITE COMPILER 32-BIT TARGET...: by the kernel's own Makefile.
make_suite()
{
	suite=$1 compiler=$2 both=$3
	shift 3
	make -s -k -C "$source/tools/testing/selftests/$suite" ARCH=x86_64 OUTPUT="$programs/$suite" \
		CC="$compiler -static" CAN_BUILD_I386="$both" CAN_BUILD_X86_64=1 \
		KHDR_INCLUDES="-isystem $work/headers/usr/include" "$@" 2>&1 </dev/null
}

# build: $programs/SUITE/PROGRAM, and $programs/built with a row for each program
# that a Makefile names: suite, program, and why it is not there, or "-".
build()
{
	checkout "$source" stock
	need i686-linux-gnu-gcc gcc-i686-linux-gnu
	now=$({ git -C "$source" rev-parse HEAD; cat "$0"; gcc --version; i686-linux-gnu-gcc --version; } | sha256sum)
	! unchanged "$programs/stamp" "$now" || return 0
	rm -rf "$programs" "$work/headers"
	mkdir -p "$programs/x86" "$programs/mm" "$work/headers"
	make -s -C "$source" O="$work/headers" ARCH=x86_64 headers >"$work/headers.log" 2>&1 ||
		die "the kernel's headers do not build" "read $work/headers.log"
	# What fails is a row.
	{
		make_suite x86 gcc 1 all_64 || :
		make_suite x86 i686-linux-gnu-gcc 1 all_32 || :
		make_suite mm gcc 0 all || :
		make_suite mm i686-linux-gnu-gcc 1 protection_keys_32 pkey_sighandler_tests_32 || :
	} >"$work/build.log"
	for suite in x86 mm; do
		[ $suite = mm ] && i386=0 || i386=1
		make -s -C "$source/tools/testing/selftests/$suite" ARCH=x86_64 OUTPUT=. CC="gcc -static" \
			CAN_BUILD_I386="$i386" CAN_BUILD_X86_64=1 \
			--eval='named: ; @echo $(TEST_GEN_FILES) $(BINARIES_32) $(BINARIES_64)' named |
			tr ' ' '\n' | sed -n 's,.*/,,p' | sort -u | while read -r program; do
			why=-
			[ -x "$programs/$suite/$program" ] ||
				why=$(sed -n "s/^\(${program%_[36][24]}\.c\):[0-9:]* error: /\1: /p" "$work/build.log" |
					head -n 1 | grep . || echo "it does not link")
			printf '%s\t%s\t%s\n' $suite "$program" "$why"
		done
	done >"$programs/built"
	strip "$programs"/x86/*_* "$programs"/mm/* 2>/dev/null || :
	[ "$(grep -c "$tab-\$" "$programs/built")" -gt 50 ] ||
		die "next to none of the programs builds" "read $work/build.log"
	echo "$now" >"$programs/stamp"
}

# check_rows: each program that a Makefile names has a row, and the reverse.
check_rows()
{
	cut -f1,2 "$programs/built" | sort >"$work/named"
	rows "$table" | cut -f1,2 | sort -u >"$work/have"
	lost=$(comm -23 "$work/named" "$work/have" | head -n 1 | tr '\t' ' ')
	[ -z "$lost" ] || die "$lost has no row in $table" "add one, with a reason if it is not to run"
	lost=$(comm -13 "$work/named" "$work/have" | head -n 1 | tr '\t' ' ')
	[ -z "$lost" ] || die "$table names $lost, which the kernel does not have" "remove the row"
	lost=$(rows "$table" | awk -F'\t' '($3 == "-" || $7 != "-") && ($8 == "-" || $8 == "") { print $1, $2; exit }')
	[ -z "$lost" ] || die "$lost is not compared, for no reason" "give one in $table"
}

# of_mode MODE: its rows whose programs were built.
of_mode()
{
	rows "$table" | awk -F'\t' -v m="$1" 'NR == FNR { if ($3 == "-") built[$1 $2]; next }
		index("," $3 ",", "," m ",") && ($1 $2) in built' "$programs/built" -
}

# pack MODE: what the guest gets, behind the initramfs that all share.
pack()
{
	root=$work/$1.root
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/selftests"
	install -m 755 "${GUEST:-$top/scripts/guest/selftests}" "$root/bin/guest-selftests"
	of_mode "$1" | cut -f1,2,4-6 >"$root/selftests/$1.list"
	[ -s "$root/selftests/$1.list" ] || die "no program runs in mode $1" "choose from: $(rows $modes | cut -f1 | paste -s -d' ')"
	cut -f1,2 "$root/selftests/$1.list" | while read -r suite program; do
		mkdir -p "$root/selftests/$suite"
		cp "$programs/$suite/$program" "$root/selftests/$suite/"
	done
	archive "$root" "$work/$1.extra.gz"
	cat "$out/initramfs.gz" "$work/$1.extra.gz" >"$work/$1.gz"
}

# results MODE KTAP: a row for each program; "lost" is one of which the guest said
# nothing. What the table says to vary is "any".
results()
{
	of_mode "$1" | awk -F'\t' -v OFS='\t' -v m="$1" '
		NR == FNR {
			if (split($0, word, " ") > 5 && word[2] == "selftest") {
				name = $0
				sub(/^# selftest [^ ]* [^ ]* [^ ]* /, "", name)
				said[word[3] " " name] = word[4]
				ok[word[3] " " name] = word[5]
			}
			next
		}
		{
			name = $2 ($6 == "-" ? "" : " " $6)
			key = $1 " " name
			if (!(key in said))
				print m, $1, name, "lost", 0
			else
				print m, $1, name, $7 == "result" ? "any" : said[key], $7 == "-" ? ok[key] : "any"
		}' "$2" -
}

mkdir -p "$work/$who"
if [ "${1:-}" = --compare ]; then
	[ $# -eq 3 ] || die "--compare needs two tables" "usage: selftests.sh --compare BASELINE RESULT"
	compare "$2" "$3"
	echo "| $(grep -vc '^#' "$3") results are as in the table"
	exit 0
fi
[ -z "${UPDATE:-}" ] || [ "$who" = stock ] || die "the table is of the stock kernel" "run: UPDATE=1 STOCK=1 $0"
same_config "$out/x86_64-stock" "$out/x86_64"
build
check_rows
"$top/scripts/build/initramfs.sh"
all=
# Modes have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || { all=1; set -- $(rows $modes | cut -f1); }
for mode; do
	pack "$mode"
	MODES=$modes DIR=$work/$who INITRAMFS=$work/$mode.gz \
		IMAGE=$out/x86_64${STOCK:+-stock}/arch/x86/boot/bzImage "$top/scripts/boot/boot.sh" "$mode"
done

{
	echo "# Written by UPDATE=1 STOCK=1 scripts/compare/selftests.sh: how the kernel's own tests end"
	echo "# with the stock kernel under TCG. Fields are separated by tabs."
	echo "# stock $(cat "$out/stock.id")"
	echo "# mode${tab}suite${tab}test${tab}result${tab}ok lines"
	for mode; do
		results "$mode" "$work/$who/$mode.ktap"
	done
	awk -F'\t' '$3 != "-" { print "-\t" $1 "\t" $2 "\tnot built: " $3 "\t0" }' "$programs/built"
} >"$work/$who.tsv"

! grep "${tab}lost$tab" "$work/$who.tsv" >"$work/lost" ||
	die "$(head -n 1 "$work/lost" | cut -f1-3 | tr '\t' ' ') did not run" "read the logs in $work/$who"
if [ -n "${UPDATE:-}" ]; then
	[ -n "$all" ] || die "only some modes were booted" "run: UPDATE=1 STOCK=1 $0"
	cp "$work/$who.tsv" "$baseline"
fi
compare "$baseline" "$work/$who.tsv" "$@"
echo "| $who: $(awk -F'\t' '!/^#/ { n[$4 ~ /^not built/ ? "not built" : $4]++ }
	END { printf "%d pass, %d skip, %d fail, %d killed, %d time out, %d vary, %d not built: as in the table",
		n["pass"], n["skip"], n["fail"], n["killed"], n["timeout"], n["any"], n["not built"] }' "$work/$who.tsv")"
