#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# download.sh PACKAGE SUITE ARCH STATE OTHERWISE: get a Debian package into
# build/download. ARCH "-" is the machine's own; SUITE "-" is what the machine's
# own sources have. OTHERWISE is what to do when it cannot be had.
#
# Uses an apt state of its own, build/apt/STATE, so it needs no root and does not
# touch the machine's sources, lists or cache. apt verifies what it gets.

. "$(dirname "$0")/../lib.sh"

package=$1
suite=$2
arch=$3
state=$build/apt/$4
otherwise=$5
download=$build/download

have()
{
	case $arch in
	-) find "$download" -name "${package}_*.deb" 2>/dev/null ;;
	*) find "$download" -name "${package}_*_$arch.deb" 2>/dev/null ;;
	esac | sort -V | tail -n 1
}
deb=$(have)
if [ -n "$deb" ]; then
	echo "| have ${deb##*/}"
	exit 0
fi

mkdir -p "$download/partial" "$state/lists/partial"
set -- -o Dir::State::lists="$state/lists" -o Dir::Cache="$state" \
	-o APT::Sandbox::User=root -o Acquire::Retries=2
if [ "$suite" != - ]; then
	# The same mirror and keys as the machine's own Debian sources.
	uri=$(apt-get indextargets --format '$(REPO_URI)' |
		grep -m 1 '/debian/*$') ||
		die "this machine has no Debian source in its apt configuration" \
			"add one, or $otherwise"
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
		"$uri" "$suite" >"$state/sources.list"
	set -- "$@" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null
fi
if [ "$arch" != - ]; then
	set -- "$@" -o APT::Architecture="$arch" -o APT::Architectures="$arch"
fi

# update succeeds even when it could read nothing.
status=0
apt-get "$@" update >"$state/update.log" 2>&1 || status=$?
cat "$state/update.log"
if [ "$status" -ne 0 ] || grep -q '^Err:\|^E: \|^W: Failed' "$state/update.log"; then
	die "the package lists could not be read (no network?)" \
		"mend the network and repeat, or $otherwise"
fi
apt-cache "$@" show "$package" >/dev/null 2>&1 ||
	die "package $package has gone from the archive" "$otherwise"
(cd "$download/partial" && apt-get "$@" download "$package") ||
	die "cannot download $package" "repeat, or $otherwise"
mv "$download"/partial/"$package"_*.deb "$download/"
deb=$(have)
echo "| got ${deb##*/}"
