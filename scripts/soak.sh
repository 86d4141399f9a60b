#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh [--check] [NAME...]: run the rows of scripts/soaks, all or those named,
# and write what each said to docs/results/soak-KERNEL.tsv. Without names, the tables
# of object code are made again too.
#
# --check runs nothing: one line a row, "ok" when it passed with the inputs as they are
# now, "not ok" when its last run failed, whatever has changed since; what passed with
# other inputs, or was never run, is a skip.
#
# Environment: SOAKS, another table of rows below the top; SOAKED, another result.

. "$(dirname "$0")/lib.sh"

soaks=${SOAKS:-scripts/soaks}
table=${SOAKED:-$top/docs/results/soak-$KERNEL.tsv}
tab=$(printf '\t')
check=
[ "${1:-}" != --check ] || { check=1; shift; }

# names: the rows of this kernel.
names()
{
	rows "$soaks" | awk -F'\t+' -v k="$KERNEL" 'index("," $2 ",", "," k ",") { print $1 }'
}

# inputs NAME: the hash of what the result of a row depends on.
inputs()
{
	command=$(cell "$soaks" "$1" 3)
	files=$(cell "$soaks" "$1" 4)
	{
		# pti_scope looks at a kernel that is built: only rows that build one depend on it.
		git -C "$series" ls-tree -r HEAD | grep -v '	arch/x86/tools/pti_scope'
		echo "$command"
		cd "$top"
		# Names have no blanks.
		# shellcheck disable=SC2046,SC2086
		cat scripts/lib.sh $(find kunit scripts/guest/modules -path kunit/arch -prune -o -type f -print | sort) \
			$(echo "$files $command" | tr ' ' '\n' | grep '^scripts/\|^docs/\|^arch/\|^kunit/\|^patches/' | sort -u)
	} | sha256sum | cut -c1-16
}

# of NAME COLUMN: a field of the result.
of()
{
	[ ! -f "$table" ] || awk -F'\t' -v n="$1" -v c="$2" '$1 == n { print $c; exit }' "$table"
}

# lost: the lines of the table that failed and that no row of the soak can make good.
lost()
{
	[ ! -f "$table" ] || names | awk -F'\t' '
		NR == FNR { row[$1]; next }
		!/^#/ && !($1 in row) && $3 != "passed"' - "$table"
}

# put NAME INPUTS RESULT TEXT: a row of the result, in the order of the rows.
put()
{
	exec 9>"$out/soak.lock"
	flock 9
	mkdir -p "${table%/*}"
	{
		echo "# Written by scripts/soak.sh: what each row of scripts/soaks said, and a hash of"
		echo "# its inputs. Fields are separated by tabs."
		echo "# stock $(cat "$out/stock.id")"
		echo "# name${tab}inputs${tab}result${tab}said"
		for n in $(names); do
			if [ "$n" = "$1" ]; then
				printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"
			elif [ -f "$table" ]; then
				grep "^$n$tab" "$table" || :
			fi
		done
		lost
	} >"$table.new"
	mv "$table.new" "$table"
	exec 9>&-
}

[ -d "$series/.git" ] || [ -z "$check" ] || die "no kernel tree in $series" "run: make tree"
[ -n "$(names)" ] || die "$soaks has no row for $KERNEL" "see its head"
for name; do
	names | grep -qx "$name" || die "no soak called $name for $KERNEL" "see $soaks"
done
all=
# Names have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || { all=1; set -- $(names); }

if [ -n "$check" ]; then
	# shellcheck source=tests/tap.sh
	. "$top/scripts/tests/tap.sh"
	was=$(sed -n 's/^# stock //p' "$table" 2>/dev/null) || :
	stock=$(cat "$out/stock.id")
	for name; do
		result=$(of "$name" 3)
		if [ "${result:-passed}" != passed ]; then
			fail "$name" "$(of "$name" 4)"
		elif [ -n "$was" ] && [ "$was" != "$stock" ]; then
			# Debian moved to another point release.
			skip "$name" "it is of $was, the stock source is $stock"
		elif [ "$(of "$name" 2)" != "$(inputs "$name")" ]; then
			skip "$name" "not run with these inputs; run: KERNEL=$KERNEL scripts/soak.sh $name"
		else
			pass "$name: $(of "$name" 4)"
		fi
	done
	[ -z "$all" ] || for name in $(lost | cut -f1); do
		fail "$name" "$(of "$name" 4); $soaks no longer has this row"
	done
	[ $failed -eq 0 ] || die "$failed of $# rows of ${table#"$top"/} have failed" \
		"fix the failures above, then run: KERNEL=$KERNEL scripts/soak.sh NAME"
	exit 0
fi

phase=$top/scripts/phase.sh
[ "$soaks" != scripts/soaks ] ||
	"$phase" deps "install every cross compiler" "$top/scripts/source/deps.sh" soak
if [ -z "$KSRC" ]; then
	"$phase" fetch "get the stock source of Linux $KERNEL" "$top/scripts/source/fetch.sh"
fi
"$phase" import "make a git tree of it" "$top/scripts/source/import.sh"
"$phase" tree "replay patches/series" "$top/scripts/series/tree.sh"
# Their tables are of single rows.
if [ -n "$all" ] && [ "$soaks" = scripts/soaks ]; then
	"$phase" identical "compare object code on every architecture" \
		"$top/scripts/compare/identical.sh" --soak
	"$phase" compile "compile what the steps after the split touch, everywhere" \
		"$top/scripts/compare/identical.sh" --compile --soak
fi

failed=
number=0
for name; do
	number=$((number + 1))
	now=$(inputs "$name")
	command=$(cell "$soaks" "$name" 3)
	log=$logs/soak-$name.log
	result=passed
	# Words of a command have no blanks.
	# shellcheck disable=SC2086
	(cd "$top" && "$phase" "soak-$name" "row $number of $#, $command" $command) || result=failed
	said=$(sed -n -e 's/^| //p' -e 's/^# \([0-9]* passed, .*\)/\1/p' -e 's/^error: //p' "$log" | tail -n 1)
	put "$name" "$now" $result "${said:--}"
	[ $result = passed ] || failed="$failed $name"
done
[ -z "$failed" ] || die "failed:$failed" "run: KERNEL=$KERNEL scripts/soak.sh${failed}"
