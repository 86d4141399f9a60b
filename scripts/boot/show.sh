#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# show.sh [PICTURE]: boot the x86-64 kernel with EFI and draw its page tables,
# as docs/show.svg.
#
# Time and random numbers of the machine are simulated, so the same kernel gives
# the same picture. Environment: IMAGE, instead of the built kernel.

. "$(dirname "$0")/../lib.sh"

picture=${1:-$top/docs/show.svg}
image=${IMAGE:-$out/x86_64/arch/x86/boot/bzImage}
dir=$out/show
log=$dir/console.log
limit=$(cell scripts/boot/modes efi 6)

[ -f "$image" ] || die "no kernel $image" "run: make kernel"
need timeout coreutils

mkdir -p "$dir"
"$top/scripts/build/initramfs.sh" "$top/scripts/guest/show" "$dir/initramfs.gz"
program show "$top/scripts/boot/show.c"

# The machine of the mode efi, with -icount and what goes with it.
status=0
flash=$(ovmf efi "$dir/vars")
qemu qemu-system-x86_64 "$limit" -machine q35 -accel tcg -cpu "$(cell scripts/boot/modes efi 4)" -smp 1 \
	-icount shift=7,sleep=off -seed 1 -rtc base=2026-01-01,clock=vm \
	-kernel "$image" -initrd "$dir/initramfs.gz" -append "console=ttyS0 panic=-1 nokaslr norandmaps" \
	</dev/null >"$log" 2>&1 || status=$?
tr -d '\r' <"$log" | sed -n '/^@ kernel$/,/^@ end$/p' >"$dir/capture"
[ -s "$dir/capture" ] ||
	die "the guest dumped no page tables within $limit s (status $status)" "read $log"

"$build/tools/show" <"$dir/capture" >"$dir/new.svg"
mkdir -p "$(dirname "$picture")"
cp "$dir/new.svg" "$picture"
echo "| ${picture#"$top"/}: $(grep -c '^===' "$dir/capture" || :) contexts beside init_mm and a process"
