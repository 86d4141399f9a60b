#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# report.sh begin|end: the report that ends "make".

. "$(dirname "$0")/lib.sh"

mkdir -p "$out" "$results"
if [ "${1:-end}" = begin ]; then
	rm -rf "$out/times" "$results"
	date +%s >"$out/began"
	exit 0
fi

line()
{
	[ ! -f "$results/$1" ] || sed "s/^/  $2/" "$results/$1"
}

for r in sites ledger identical layout boot_modes; do
	[ -f "$results/$r" ] || die "phase $r left no result" "run: make"
done
version=$(git -C "$linux" show stock:Makefile | sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p; s/^SUBLEVEL = //p' | paste -sd .)
printf '\nstruct pg_table split out of mm_struct, Linux %s\n' "$version"
line sites 'sites:   '
line ledger 'ledger:  '
line identical 'objects: '
line layout 'layout:  '
line kernel-x86_64 'kernel:  '
line boot_modes 'boots:   '
awk -F'\t' '{ printf "%s %s %d s", (NR == 1 ? "  time:   " : ","), $1, $2 } END { print "" }' "$out/times"
printf 'OK: %s; boot modes %s; %d s\n' "$(cat "$results/identical")" "$(sed 's/ (.*//' "$results/boot_modes")" \
	"$(($(date +%s) - $(cat "$out/began")))"
