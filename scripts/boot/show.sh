#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# show.sh [MODE [PICTURE]]: boot the x86-64 kernel and draw its page tables: in mode efi, as
# docs/show.svg; in mode asi, with address space isolation, as docs/show-asi.svg.
#
# Time and random numbers of the machine are simulated, so the same kernel gives
# the same picture. Environment: IMAGE, instead of the built kernel.

. "$(dirname "$0")/../lib.sh"

mode=${1:-efi}
name=show
[ "$mode" = efi ] || name=show-$mode
picture=${2:-$top/docs/$name.svg}
image=${IMAGE:-$out/x86_64/arch/x86/boot/bzImage}
dir=$out/$name
log=$dir/console.log
limit=$(cell scripts/boot/modes "$mode" 6)

[ -f "$image" ] || die "no kernel $image" "run: make kernel"
need timeout coreutils

mkdir -p "$dir"
"$top/scripts/build/initramfs.sh" "$top/scripts/guest/show" "$dir/initramfs.gz"
program show "$top/scripts/boot/show.c"

# The machine of the mode, with -icount and what goes with it.
status=0
firmware=$(cell scripts/boot/modes "$mode" 3)
[ "$firmware" = bios ] || flash=$(ovmf "$firmware" "$dir/vars")
append=$(cell scripts/boot/modes "$mode" 7)
[ "$append" != - ] || append=
qemu qemu-system-x86_64 "$limit" -machine q35 -accel tcg -cpu "$(cell scripts/boot/modes "$mode" 4)" -smp 1 \
	-icount shift=7,sleep=off -seed 1 -rtc base=2026-01-01,clock=vm \
	-kernel "$image" -initrd "$dir/initramfs.gz" \
	-append "console=ttyS0 panic=-1 nokaslr norandmaps $append" \
	</dev/null >"$log" 2>&1 || status=$?
tr -d '\r' <"$log" | sed -n '/^@ kernel$/,/^@ end$/p' >"$dir/capture"
[ -s "$dir/capture" ] ||
	die "the guest dumped no page tables within $limit s (status $status)" "read $log"

"$build/tools/show" <"$dir/capture" >"$dir/new.svg"
mkdir -p "$(dirname "$picture")"
cp "$dir/new.svg" "$picture"
echo "| ${picture#"$top"/}: $(grep -c '^===' "$dir/capture" || :) tables without an mm, beside init_mm and a process"
