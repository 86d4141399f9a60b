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
	[ ! -f "$results/$1" ] || sed "s/^/  /" "$results/$1"
}

printf '\nstruct pg_table split out of mm_struct, kernel %s\n' "$(make -s -C "$linux" kernelversion 2>/dev/null || echo "$KERNEL")"
printf '\nsites\n'
line sites
printf '\nledger\n'
line ledger
printf '\nproof\n'
for r in identical identical-table layout series; do line "$r"; done
printf '\nkernel\n'
for r in kernel-x86_64 boot; do line "$r"; done
printf '\ntime\n'
awk -F'\t' '{ printf "  %-10s %4d s\n", $1, $2; n += $2 } END { printf "  %-10s %4d s\n", "all", n }' "$out/times"
printf '\nOK: %s; boot modes %s; %d s\n' "$(cat "$results/identical")" "$(cat "$results/boot_modes")" \
	"$(($(date +%s) - $(cat "$out/began")))"
