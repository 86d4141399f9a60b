#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# efi.sh [--compare STOCK OURS]: what EFI maps, and how a fault of the firmware
# ends, against the stock kernel on the same firmware.
#
# Both kernels have the same configuration and run the same modes of
# scripts/boot/modes; what the guest printed has to be the same, line by line. What
# EFI maps is debugfs page_tables/efi without the part linked from init_mm, with
# two differences left out: addresses count from the region of the firmware's
# memory map, as the size of the kernel moves one region and what the kernel
# itself allocates (nokaslr keeps the rest in place); and what is not present is
# not printed, as the stock kernel leaves bits and empty table pages behind.
# --compare takes two directories with the results of such boots.
#
# Environment: IMAGE and DIR, for boot.sh: another kernel than ours of kernel.sh.

. "$(dirname "$0")/../lib.sh"

modes='efi-fault-data efi-fault-code'
work=$out/efi

# compare MODE STOCK OURS: two results of one mode.
compare()
{
	for f in "$2/$1.ktap" "$3/$1.ktap"; do
		[ -s "$f" ] || die "there is no $f" "run: scripts/compare/efi.sh"
	done
	! grep -q '^not ok' "$2/$1.ktap" || die "mode $1 fails with the stock kernel" "read $2/$1.log"
	diff "$2/$1.ktap" "$3/$1.ktap" >"$work/$1.diff" ||
		die "$1 is not as with the stock kernel: $(sed -n 's/^\([<>]\) # /\1 /p' "$work/$1.diff" | head -n 1)" \
			"read $work/$1.diff"
	[ "$(wc -l <"$2/$1.ktap")" -gt 10 ] || die "mode $1 said next to nothing" "read $2/$1.log"
}

mkdir -p "$work"
stock=$out/boot-stock
ours=${DIR:-$out/boot}
if [ "${1:-}" = --compare ]; then
	[ $# -eq 3 ] || die "--compare needs two directories" "usage: efi.sh --compare STOCK OURS"
	stock=$2
	ours=$3
else
	same_config "$out/x86_64-stock" "$out/x86_64"
	# Modes are words; the check "boot" may have run ours.
	# shellcheck disable=SC2086
	SAME=1 "$top/scripts/boot/boot.sh" $modes
	# shellcheck disable=SC2086
	DIR=$stock IMAGE=$out/x86_64-stock/arch/x86/boot/bzImage SAME=1 "$top/scripts/boot/boot.sh" $modes
fi

for mode in $modes; do
	compare "$mode" "$stock" "$ours"
done
entries=$(grep -c '^# maps ' "$ours/efi-fault-data.ktap" || :)
[ "$entries" -gt 10 ] || die "the dump has $entries entries" "read $ours/efi-fault-data.log"
echo "| EFI's page table: $entries ranges, mapped as in the stock kernel"
echo "| a fault of the firmware in code and in data ends as in the stock kernel"
