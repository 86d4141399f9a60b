#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# xen.sh FILE: get Debian's Xen hypervisor as FILE, an ELF file as QEMU wants it
# for multiboot. It is not installed, so the machine goes on booting as it did.

. "$(dirname "$0")/../lib.sh"

file=$1
package=xen-hypervisor-4.17-amd64
otherwise="put the hypervisor, not compressed, at $file"
[ ! -f "$file" ] || exit 0
"$top/scripts/source/download.sh" "$package" bookworm amd64 xen "$otherwise"
deb=$(find "$build/download" -name "${package}_*_amd64.deb" | sort -V | tail -n 1)
mkdir -p "${file%/*}"
dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards './boot/xen-*.gz' | gunzip >"$file.new"
[ -s "$file.new" ] || die "there is no hypervisor in ${deb##*/}" "$otherwise"
mv "$file.new" "$file"
