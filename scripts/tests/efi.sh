#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in what the checks of EFI look at: each must be found.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/efi
rm -rf "$work"
mkdir -p "$work"

stock=$out/boot-stock
ours=$out/boot
[ -f "$stock/efi-fault-data.ktap" ] || die "there is nothing to compare" "run: scripts/compare/efi.sh"
efi=$top/scripts/compare/efi.sh

# edited TEXT PATTERN SED-SCRIPT: an edit of our results that must be found.
edited()
{
	rm -rf "$work/ours"
	mkdir -p "$work/ours"
	cp "$ours"/efi-fault-*.ktap "$work/ours/"
	plant "$ours/efi-fault-data.ktap" "$work/ours/efi-fault-data.ktap" "$3"
	says "$1" "$2" "$efi" --compare "$stock" "$work/ours"
}

check "the results are the same" "$efi" --compare "$stock" "$ours"
first='0,/^# maps region.* RW .* pte$/'
edited "an entry with other access is found" "not as with the stock kernel: < maps .* RW .* pte;" \
	"$first s/^\(# maps region.*\) RW \(.* pte\)$/\1 ro \2/"
edited "an entry that is missing is found" "not as with the stock kernel: < maps " \
	"$first{/^# maps region.* RW .* pte$/d}"
edited "an entry that is executable is found" "not as with the stock kernel: < maps .* NX pte;" \
	'0,/^# maps .*virtual.* NX pte$/s/^\(# maps .*virtual.*\) NX pte$/\1 x  pte/'
edited "another end of a fault is found" "not as with the stock kernel: < writing a variable: " \
	's/^# writing a variable: .*/# writing a variable: Success/'

boot=$top/scripts/boot/boot.sh
DIR=$work/boot
export DIR
mkdir -p "$DIR"
says "a mode without its variable store is told" \
	"mode efi left no variable store for efi-again; run: " "$boot" efi-again
cp /usr/share/OVMF/OVMF_VARS_4M.fd "$DIR/efi.vars"
says "variables that are lost are found" "check failed: efivar=kept" "$boot" efi-again

# shellcheck disable=SC2016
guest none 's/^\tguest-efi "fault-$1" \&\& /\t/'
says "firmware that does not fault is found" "check failed: efi_fault=data;" \
	"$boot" efi-fault-data
guest clock 's/^mount -t debugfs/rm \/dev\/rtc0; ln -s null \/dev\/rtc0; &/'
says "a clock that cannot be read is found" "check failed: guest-efi=time;" "$boot" efi
finish
