#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# bochs.sh CPU CPUS LIMIT KERNEL INITRAMFS COMMAND-LINE DIR: one boot under
# Bochs, from a GRUB CD image; the guest's console goes to standard output.
#
# Debian's Bochs stops in its debugger before the first instruction, hence the
# command "c"; its only display without X is a terminal, hence script.

. "$(dirname "$0")/../lib.sh"

need bochs bochs
need grub-mkrescue grub-common
need xorriso xorriso
need script bsdutils

cpu=$1
cpus=$2
limit=$3
kernel=$4
initramfs=$5
line=$6
dir=$7
mkdir -p "$dir/cd/boot/grub"
cp "$kernel" "$dir/cd/bzImage"
cp "$initramfs" "$dir/cd/initramfs"
cat >"$dir/cd/boot/grub/grub.cfg" <<-END
	set timeout=0
	menuentry linux {
		linux /bzImage $line
		initrd /initramfs
	}
END
grub-mkrescue -o "$dir/cd.iso" "$dir/cd" >"$dir/grub.log" 2>&1 ||
	die "grub-mkrescue failed: $(tail -n 1 "$dir/grub.log")" \
		"run: apt-get install grub-common grub-pc-bin xorriso"

console=$dir/console
: >"$console"
cat >"$dir/bochsrc" <<-END
	display_library: term
	config_interface: textconfig
	megs: 512
	cpu: model=$cpu, count=$cpus, reset_on_triple_fault=0
	romimage: file=/usr/share/bochs/BIOS-bochs-latest
	vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
	ata0-master: type=cdrom, path="$dir/cd.iso", status=inserted
	boot: cdrom
	com1: enabled=1, mode=file, dev=$console
	sound: driver=dummy
	log: $dir/bochs.log
	panic: action=fatal
	clock: sync=none, time0=local
END
echo c >"$dir/commands"

# It goes on after the guest's panic, so look for the end in the console.
TERM=linux setsid script -qec "bochs -q -f $dir/bochsrc -rc $dir/commands" \
	/dev/null >"$dir/terminal" 2>&1 </dev/null &
pid=$!
trap 'kill -KILL -$pid 2>/dev/null || :; exit 130' INT TERM HUP
left=$limit
while kill -0 $pid 2>/dev/null && [ "$left" -gt 0 ]; do
	! grep -q -e '^# guest-init: end' -e '^bench: end' -e 'end Kernel panic' "$console" || break
	sleep 1
	left=$((left - 1))
done
kill -KILL -$pid 2>/dev/null || :
wait $pid 2>/dev/null || :
rm -rf "$dir/cd" "$dir/cd.iso"
cat "$console"
[ "$left" -gt 0 ] || exit 124
