#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh LEVEL: install the packages of scripts/source/packages that a level needs (make,
# test, bench, deb, soak), or print the one line that does.

. "$(dirname "$0")/../lib.sh"

case ${1:-make} in
make) levels='make' ;;
test | bench | deb) levels="make|$1" ;;
soak) levels='make|test|bench|soak' ;;
*) die "unknown level $1" "take make, test, bench, deb or soak" ;;
esac

mkdir -p "$build"
rows scripts/source/packages | grep -E "^([a-z]*,)*($levels)[,	]" >"$build/packages"

missing()
{
	while IFS='	' read -r _ package probe _; do
		[ -e "$probe" ] || command -v "$probe" >/dev/null 2>&1 ||
			printf ' %s' "$package"
	done <"$build/packages"
}

old=
while IFS='	' read -r _ package _ minimum _; do
	[ "$minimum" != - ] || continue
	have=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) && [ -n "$have" ] || continue
	dpkg --compare-versions "$have" ge "$minimum" ||
		old="$old $package ($have, $minimum is needed)"
done <"$build/packages"

missing=$(missing)
[ -z "$old" ] ||
	die "too old:$old" "use Debian 12 or later, or install newer packages"
if [ -z "$missing" ]; then
	echo "| nothing is missing"
	exit 0
fi

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif sudo -n true 2>/dev/null; then
	sudo=sudo
else
	die "packages are missing and this is not root" "run as root: $line"
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# Package lists may be older than the archive.
# shellcheck disable=SC2086
$sudo apt-get -q update && $sudo $line ||
	die "cannot install packages (no network?)" "run: apt-get update && $line"
still=$(missing)
[ -z "$still" ] ||
	die "installed, but not found:$still" "correct their probes in scripts/source/packages"
echo "| installed$missing"
