#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh [INIT IMAGE]: make $out/initramfs.gz from busybox, guest-init and
# the programs below; or IMAGE with another /init. The same inputs give the same
# bytes.

. "$(dirname "$0")/lib.sh"

need cpio cpio
need busybox busybox-static
init=${1:-$top/scripts/guest-init}
programs='guest-mm guest-storm guest-kexec'
busybox=$(command -v busybox)
if ldd "$busybox" >/dev/null 2>&1; then
	die "$busybox is not static" "run: apt-get install busybox-static"
fi

image=${2:-$out/initramfs.gz}
stamp=$image.inputs
now=$({ cat "$init" "$busybox" "$0"
	for program in $programs; do cat "$top/scripts/$program.c"; done; } | sha256sum)
[ ! -f "$image" ] || [ "$now" != "$(cat "$stamp" 2>/dev/null)" ] || exit 0

root=$image.root
rm -rf "$root" "$stamp"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp"
install -m 755 "$busybox" "$root/bin/busybox"
install -m 755 "$init" "$root/init"
for program in $programs; do
	gcc -static -O2 -Wall -Werror -o "$root/bin/$program" "$top/scripts/$program.c" ||
		die "$program.c does not compile" "run: apt-get install libc6-dev"
done
for applet in $(busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet --reproducible -R 0:0 -H newc -o) | gzip -9n >"$image"
rm -rf "$root"
printf '%s\n' "$now" >"$stamp"
