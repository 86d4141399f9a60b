#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh [INIT IMAGE]: make $out/initramfs.gz from busybox, guest/init and the
# guest's programs; or IMAGE with another /init. The same inputs give the same bytes.
#
# Environment: MACHINE, a row of scripts/boot/machines: of its architecture, and
# $out/initramfs-NAME.gz.

. "$(dirname "$0")/../lib.sh"

need cpio cpio
need busybox busybox-static
init=${1:-$top/scripts/guest/init}
machine=${MACHINE:-}
# x86-64 kernels of other kinds have the same user space.
[ -z "$machine" ] || [ "$(cell scripts/boot/machines "$machine" 9)" != - ] || machine=
if [ -z "$machine" ]; then
	cc=gcc
	libc=libc6-dev
	busybox=$(command -v busybox)
	if ldd "$busybox" >/dev/null 2>&1; then
		die "$busybox is not static" "run: apt-get install busybox-static"
	fi
else
	cc=$(cell scripts/boot/machines "$machine" 3)gcc
	debian=$(cell scripts/boot/machines "$machine" 9)
	libc=libc6-dev-$debian-cross
	busybox=$build/busybox/$debian
	"$top/scripts/build/busybox.sh" "$debian" "$(cell scripts/boot/machines "$machine" 10)"
fi

image=${2:-$out/initramfs${machine:+-$machine}.gz}
stamp=$image.inputs
# Boots may run at the same time.
mkdir -p "${image%/*}"
exec 9>"$image.lock"
flock 9
now=$(cat "$init" "$top"/scripts/guest/*.c "$busybox" "$0" | sha256sum)
[ ! -f "$image" ] || ! unchanged "$stamp" "$now" || exit 0

root=$image.root
rm -rf "$root" "$stamp"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp"
install -m 755 "$busybox" "$root/bin/busybox"
install -m 755 "$init" "$root/init"
programs='guest-mm guest-efi guest-storm guest-kexec guest-chattr'
case $("$cc" -dumpmachine) in
x86_64-*) programs="$programs guest-pti guest-churn guest-pattern guest-asi" ;;
i?86-*) programs="$programs guest-pti" ;;
esac
for program in $programs; do
	"$cc" -static -pthread -O2 -Wall -Werror -o "$root/bin/$program" "$top/scripts/guest/${program#guest-}.c" ||
		die "guest/${program#guest-}.c does not compile" "run: apt-get install $libc"
done
mv "$root/bin/guest-chattr" "$root/bin/chattr"
# Another architecture's busybox does not run here; Debian builds them alike.
for applet in $(busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
archive "$root" "$image"
printf '%s\n' "$now" >"$stamp"
