#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh: what is too long for CI; writes the tables of docs/results.

. "$(dirname "$0")/lib.sh"

phase=$top/scripts/phase.sh
"$phase" deps "install every cross compiler" "$top/scripts/deps.sh" soak
if [ -z "$KSRC" ]; then
	"$phase" fetch "get the stock source of Linux $KERNEL" "$top/scripts/fetch.sh"
fi
"$phase" import "make a git tree of it" "$top/scripts/import.sh"
"$phase" tree "replay patches/series" "$top/scripts/tree.sh"
"$phase" identical "compare object code on every architecture" \
	"$top/scripts/identical.sh" --soak
# The faults are edits of this kernel's files: only where there is a table.
if [ -f "$top/docs/results/mutants-$KERNEL.tsv" ]; then
	"$phase" mutants "plant faults in the object" "$top/scripts/mutants.sh" --soak
fi
# Other machines, and the stock kernel on the same firmware.
if [ "$KERNEL" = 6.12 ] && [ -z "$KSRC" ]; then
	"$phase" kernel "build the x86-64 kernel" "$top/scripts/kernel.sh"
	"$phase" kernel-stock "and the one before the series" env STOCK=1 "$top/scripts/kernel.sh"
	"$phase" efi "compare what EFI maps" "$top/scripts/efi.sh"
	"$phase" efi-faults "with planted faults" "$top/scripts/tests/efi.sh"
	for machine in arm64 riscv64 i386-pae; do
		"$phase" "kernel-$machine" "build for $machine" env MACHINE=$machine \
			"$top/scripts/kernel.sh"
	done
	"$phase" kernel-i386-pae-stock "and i386 before the series" \
		env STOCK=1 MACHINE=i386-pae "$top/scripts/kernel.sh"
	"$phase" pti "compare what user mode sees" "$top/scripts/pti.sh"
	"$phase" pti-faults "with planted faults" "$top/scripts/tests/pti.sh"
	"$phase" kernel-debug "build the debugging kernel" \
		"$top/scripts/kernel.sh" "$top/kunit/debug-pt.config"
	"$phase" kernel-stock-debug "and the one before the series" \
		env STOCK=1 "$top/scripts/kernel.sh" "$top/kunit/debug-pt.config"
	"$phase" pti-debug "compare with KASAN" \
		env BUILD=debug LIMIT=600 "$top/scripts/pti.sh" on-none auto
	"$phase" boot-machines "boot them" "$top/scripts/boot.sh" arm64 riscv64 riscv64-sv39
	"$phase" machines-faults "with planted faults" "$top/scripts/tests/machines.sh"
	"$phase" kunit-machines "KUnit elsewhere" "$top/scripts/kunit.sh" i386-pae s390
	"$phase" storm "five minutes of text poking" "$top/scripts/storm.sh"
	"$phase" storm-faults "with planted faults" "$top/scripts/tests/storm.sh"
fi
