#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh [--check] [NAME...]: run the rows of scripts/soaks, all or those named,
# and write what each said to docs/results/soak-KERNEL.tsv. Without names, the table
# of object code is made again too.
#
# --check runs nothing: one line a row, which is "ok" when it passed with the inputs
# as they are now. A row that fails is not in the table.
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
		git -C "$series" rev-parse 'HEAD^{tree}'
		echo "$command"
		cd "$top"
		# Names have no blanks.
		# shellcheck disable=SC2046,SC2086
		cat $(find kunit -type f | sort) $(echo "$files $command" | tr ' ' '\n' |
			grep '^scripts/\|^docs/' | sort -u)
	} | sha256sum | cut -c1-16
}

# of NAME COLUMN: a field of the result.
of()
{
	[ ! -f "$table" ] || awk -F'\t' -v n="$1" -v c="$2" '$1 == n { print $c; exit }' "$table"
}

# put NAME INPUTS TEXT: a row of the result, in the order of the rows; without
# inputs, none.
put()
{
	mkdir -p "${table%/*}"
	{
		echo "# Written by scripts/soak.sh: what each row of scripts/soaks said when it passed,"
		echo "# and a hash of its inputs. Fields are separated by tabs."
		echo "# stock $(cat "$out/stock.id")"
		echo "# name${tab}inputs${tab}said"
		for n in $(names); do
			if [ "$n" != "$1" ]; then
				[ ! -f "$table" ] || grep "^$n$tab" "$table" || :
			elif [ -n "$2" ]; then
				printf '%s\t%s\t%s\n' "$1" "$2" "$3"
			fi
		done
	} >"$table.new"
	mv "$table.new" "$table"
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
	was=$(sed -n 's/^# stock //p' "$table" 2>/dev/null) || :
	stock=$(cat "$out/stock.id")
	bad=0
	for name; do
		if [ -n "$was" ] && [ "$was" != "$stock" ]; then
			# Debian moved to another point release.
			echo "ok - $name # SKIP it is of $was, the stock source is $stock"
		elif [ -z "$(of "$name" 2)" ]; then
			echo "not ok - $name: it has not passed; run: KERNEL=$KERNEL scripts/soak.sh $name"
			bad=$((bad + 1))
		elif [ "$(of "$name" 2)" != "$(inputs "$name")" ]; then
			echo "not ok - $name: it passed with other inputs; run: KERNEL=$KERNEL scripts/soak.sh $name"
			bad=$((bad + 1))
		else
			echo "ok - $name: $(of "$name" 3)"
		fi
	done
	[ $bad -eq 0 ] || die "$bad of $# rows of ${table#"$top"/} are not of these inputs" \
		"run: make soak KERNEL=$KERNEL"
	exit 0
fi

phase=$top/scripts/phase.sh
"$phase" deps "install every cross compiler" "$top/scripts/deps.sh" soak
if [ -z "$KSRC" ]; then
	"$phase" fetch "get the stock source of Linux $KERNEL" "$top/scripts/fetch.sh"
fi
"$phase" import "make a git tree of it" "$top/scripts/import.sh"
"$phase" tree "replay patches/series" "$top/scripts/tree.sh"
# Its table is of single rows, and of the split alone.
if [ -n "$all" ] && [ "$soaks" = scripts/soaks ]; then
	"$phase" identical "compare object code on every architecture" \
		"$top/scripts/identical.sh" --soak
fi

failed=
for name; do
	now=$(inputs "$name")
	command=$(cell "$soaks" "$name" 3)
	log=$logs/soak-$name.log
	# Words of a command have no blanks.
	# shellcheck disable=SC2086
	if (cd "$top" && "$phase" "soak-$name" "$command" $command); then
		said=$(sed -n -e 's/^| //p' -e 's/^# \([0-9]* passed, .*\)/\1/p' "$log" | tail -n 1)
		put "$name" "$now" "${said:-passed}"
	else
		put "$name" "" ""
		failed="$failed $name"
	fi
done
[ -z "$failed" ] || die "failed:$failed" "run: KERNEL=$KERNEL scripts/soak.sh${failed}"
