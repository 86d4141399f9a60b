#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# busybox.sh ARCH SUITE: get Debian's static busybox of another architecture as
# build/busybox/ARCH, without telling dpkg of that architecture.

. "$(dirname "$0")/../lib.sh"

arch=$1
file=$build/busybox/$arch
[ ! -f "$file" ] || exit 0
"$top/scripts/source/download.sh" busybox-static "$2" "$arch" "$arch" \
	"put a static busybox for $arch at ${file#"$top"/}"
deb=$(find "$build/download" -name "busybox-static_*_$arch.deb" | sort -V | tail -n 1)
mkdir -p "$build/busybox"
dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards '*bin/busybox' >"$file.new"
[ -s "$file.new" ] || die "there is no busybox in ${deb##*/}" \
	"put a static busybox for $arch at ${file#"$top"/}"
chmod +x "$file.new"
mv "$file.new" "$file"
