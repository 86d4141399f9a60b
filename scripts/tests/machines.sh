#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in the boots of other architectures: no firmware, a firmware
# that does less or more than is expected, a suite that does not run, a package
# that is missing. Each must be told.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$build/test/machines
rm -rf "$work"
mkdir -p "$work"
boot=$top/scripts/boot/boot.sh

# planted MODE SED-SCRIPT [SED-SCRIPT]: tables in which the mode, and the
# machines, have a fault.
planted()
{
	rows scripts/boot/modes | grep "^$1	" >"$work/good"
	rows scripts/boot/machines >>"$work/good"
	rows scripts/boot/modes | grep "^$1	" | sed -E "$2" >"$work/modes"
	rows scripts/boot/machines | sed -E "${3:-}" >"$work/machines"
	! cat "$work/modes" "$work/machines" | cmp -s - "$work/good" ||
		die "the fault of $1 was not planted" "compare scripts/boot/modes and $0"
	MODES=${work#"$top"/}/modes
	MACHINES=${work#"$top"/}/machines
	DIR=$work/boot
	export MODES MACHINES DIR
}

planted arm64 's/	efi	/	none	/; s/kunit=[^ ]*/kunit=pg_table_none/'
says "arm64 without firmware has no EFI, and a suite does not run" \
	"check failed: efi=on, efivar=new, kunit=pg_table_none; " "$boot" arm64
planted arm64 's/cpus=2 efi=on/cpus=3 efivars=read/'
says "arm64 can write variables, and has two processors" \
	"check failed: cpus=3, efivars=read; " "$boot" arm64
planted riscv64 's/	efi	/	none	/'
says "riscv64 without firmware has no variables" \
	"check failed: efivars=read; " "$boot" riscv64
planted riscv64-sv39 's/efivars=read/efi=on/; s/no4lvl//'
says "variables of riscv64 cannot be written" "check failed: efi=on; " "$boot" riscv64-sv39
planted arm64 '' 's/AAVMF_CODE/AAVMF_NONE/'
says "a firmware that is missing is named" \
	"no firmware /usr/share/AAVMF/AAVMF_NONE.fd for arm64" "$boot" arm64
planted arm64 '' 's/qemu-system-aarch64/qemu-system-none/'
says "a QEMU that is missing is named" "qemu-system-none is not installed" "$boot" arm64
unset MODES MACHINES DIR
says "a kernel that is missing is told" "no kernel .*; run: MACHINE=arm64 scripts/build/kernel.sh" \
	env IMAGE="$work/none" "$boot" arm64
says "an unknown machine is named" "no machine called vax; choose from: arm64" \
	env MACHINE=vax "$top/scripts/build/kernel.sh"
says "a busybox that cannot be had is told" "has gone from the archive; put a static busybox for vax" \
	"$top/scripts/build/busybox.sh" vax -
rm -rf "$build/apt/vax"

finish
