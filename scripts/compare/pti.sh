#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# pti.sh [--compare STOCK OURS] [MODE...]: the page table that user mode runs on,
# against the stock kernel's, in the modes of scripts/compare/modes-pti.
#
# Both kernels have the same configuration and command line. What scripts/guest/pti.c
# prints of the table, with what it says it leaves out, has to be the same, line by
# line; only a part of the kernel image that one of the kernels lacks is not compared,
# and that is told. --compare takes two directories with the results of such boots.
#
# Environment: BUILD=debug, the kernels of kunit/debug-pt.config.

. "$(dirname "$0")/../lib.sh"

table=scripts/compare/modes-pti
suffix=${BUILD:+-$BUILD}
work=$out/pti$suffix
stock=$work/stock
ours=$work/ours
image=arch/x86/boot/bzImage
boot=1
if [ "${1:-}" = --compare ]; then
	[ $# -ge 3 ] || die "--compare needs two directories" "usage: pti.sh --compare STOCK OURS"
	stock=$2
	ours=$3
	boot=
	shift 3
fi
# Mode names have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(rows $table | cut -f1)
mkdir -p "$work"

# boots MACHINE MODE...: both kernels, unless they passed with the same inputs.
boots()
{
	machine=$1
	shift
	case $machine in
	qemu* | bochs) machine=x86_64 ;;
	esac
	same_config "$out/$machine-stock$suffix" "$out/$machine$suffix"
	MODES=$table SAME=1 DIR=$ours IMAGE=$out/$machine$suffix/$image "$top/scripts/boot/boot.sh" "$@"
	MODES=$table SAME=1 DIR=$stock IMAGE=$out/$machine-stock$suffix/$image "$top/scripts/boot/boot.sh" "$@"
}

# maps KTAP FILE: what the table maps.
maps()
{
	[ -s "$1" ] || die "there is no $1" "run: scripts/compare/pti.sh"
	sed -n 's/^# map //p' "$1" >"$2"
	[ "$(wc -l <"$2")" -gt 20 ] || die "${1##*/} has next to nothing of the table" "read ${1%.ktap}.log"
}

# compare MODE: the two results.
compare()
{
	left=$work/$1.stock
	right=$work/$1.ours
	maps "$stock/$1.ktap" "$left"
	maps "$ours/$1.ktap" "$right"
	# Parts of the image that are empty in one of the two.
	sed -n 's/: empty$/:/p' "$left" "$right" | sort | uniq -u >"$work/$1.empty"
	for f in "$left" "$right"; do
		[ ! -s "$work/$1.empty" ] || {
			grep -v -F -f "$work/$1.empty" "$f" >"$f.new"
			mv "$f.new" "$f"
		}
	done
	diff "$left" "$right" >"$work/$1.diff" ||
		die "the user table of $1 is not as with the stock kernel: $(grep -m 1 '^[<>]' "$work/$1.diff")" \
			"read $work/$1.diff"
	echo "| $1: $(wc -l <"$right") ranges as in the stock kernel$(sed 's/^/; not compared, /; s/:$//' "$work/$1.empty")"
}

for machine in $(rows $table | cut -f2 | sort -u); do
	modes=$(for mode; do
		[ "$(cell $table "$mode" 2)" != "$machine" ] || echo "$mode"
	done)
	# Modes are words.
	# shellcheck disable=SC2086
	[ -z "$boot" ] || [ -z "$modes" ] || boots "$machine" $modes
done
for mode; do
	compare "$mode"
done
echo "| user page tables: $# of $# modes as in the stock kernel"
