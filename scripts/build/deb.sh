#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deb.sh [CONFIG]: the patched x86-64 kernel as Debian packages in $out/deb, by the
# kernel's own bindeb-pkg, from the small configuration or from that of a machine.
#
# Of a machine's configuration, what names Debian's own keys and what makes debugging
# information is left out.

. "$(dirname "$0")/../lib.sh"

config=${1:-}
[ -z "$config" ] || grep -q '^CONFIG_X86_64=y$' "$config" 2>/dev/null ||
	die "$config is not the configuration of an x86-64 kernel" \
		"name one, such as /boot/config-$(uname -r)"
need ccache ccache
need dpkg-buildpackage dpkg-dev
need dh debhelper
need rsync rsync
[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"
dir=$out/deb
obj=$dir/build
mkdir -p "$obj"

if [ -n "$config" ]; then
	sed '/^CONFIG_SYSTEM_\(TRUSTED\|REVOCATION\)_KEYS=/s/=.*/=""/
		/^CONFIG_DEBUG_INFO/d; s/^# CONFIG_DEBUG_INFO_NONE is not set$/CONFIG_DEBUG_INFO_NONE=y/' \
		"$config" >"$dir/config"
	BASE=$dir/config "$top/scripts/build/config.sh" "$obj"
else
	"$top/scripts/build/config.sh" "$obj" "$top/kunit/x86_64.config"
fi

# An installed kernel is told from Debian's by its release.
rm -f "$dir"/*.deb "$dir"/*.changes "$dir"/*.buildinfo
make -C "$linux" O="$obj" ARCH=x86_64 CC="ccache gcc" LOCALVERSION=-pgtable KDEB_PKGVERSION=1 \
	DPKG_FLAGS=-d -j"$J" bindeb-pkg ||
	die "the packages are not built" "read the log, and repeat"
image=$(find "$dir" -name 'linux-image-*-pgtable_*.deb' | head -n 1)
[ -n "$image" ] && dpkg-deb --fsys-tarfile "$image" | tar t | grep -q '^\./boot/vmlinuz-.*-pgtable$' ||
	die "there is no kernel in ${image:-$dir}" "read the log"
find "$dir" -maxdepth 1 -name '*.deb' | sort | sed "s,^$top/,| ,"
echo "| install with: apt-get install ./${image#"$top"/}"
