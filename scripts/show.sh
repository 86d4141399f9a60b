#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# show.sh [PICTURE]: boot the x86-64 kernel with EFI and draw its page tables,
# as docs/show.svg.
#
# Time and random numbers of the machine are simulated, so the same kernel gives
# the same picture. Environment: IMAGE, instead of the built kernel.

. "$(dirname "$0")/lib.sh"

picture=${1:-$top/docs/show.svg}
image=${IMAGE:-$out/x86_64/arch/x86/boot/bzImage}
dir=$out/show
log=$dir/console.log
limit=$(cell scripts/modes efi 6)

[ -f "$image" ] || die "no kernel $image" "run: make kernel"
need qemu-system-x86_64 qemu-system-x86
need timeout coreutils
ovmf=/usr/share/OVMF
[ -f $ovmf/OVMF_CODE_4M.fd ] || die "no OVMF in $ovmf" "run: apt-get install ovmf"

mkdir -p "$dir"
"$top/scripts/initramfs.sh" "$top/scripts/guest-show" "$dir/initramfs.gz"
gcc -O2 -Wall -Werror -o "$dir/show" "$top/scripts/show.c" ||
	die "show.c does not compile" "run: apt-get install libc6-dev"
cp $ovmf/OVMF_VARS_4M.fd "$dir/vars"

# The machine of the mode efi, with -icount and what goes with it.
status=0
timeout --foreground -k 5 "$limit" qemu-system-x86_64 -nodefaults -no-user-config \
	-machine q35 -accel tcg -cpu "$(cell scripts/modes efi 4)" -smp 1 -m 512 \
	-icount shift=7,sleep=off -seed 1 -rtc base=2026-01-01,clock=vm \
	-drive "if=pflash,format=raw,unit=0,readonly=on,file=$ovmf/OVMF_CODE_4M.fd" \
	-drive "if=pflash,format=raw,unit=1,file=$dir/vars" \
	-display none -serial stdio -no-reboot -kernel "$image" -initrd "$dir/initramfs.gz" \
	-append "console=ttyS0 panic=-1 nokaslr norandmaps" \
	</dev/null >"$log" 2>&1 || status=$?
tr -d '\r' <"$log" | sed -n '/^@ kernel$/,/^@ end$/p' >"$dir/capture"
[ -s "$dir/capture" ] ||
	die "the guest dumped no page tables within $limit s (status $status)" "read $log"

"$dir/show" <"$dir/capture" >"$dir/new.svg"
mkdir -p "$(dirname "$picture")"
cp "$dir/new.svg" "$picture"
echo "| ${picture#"$top"/}: $(grep -c '^===' "$dir/capture" || :) contexts beside init_mm and a process"
