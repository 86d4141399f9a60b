#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fetch.sh: get the Debian package of the stock source into build/download.
#
# Uses an apt state of its own under build/, so it needs no root and does not
# touch the machine's sources, lists or cache.

. "$(dirname "$0")/lib.sh"

package=$(cell scripts/kernels "$KERNEL" 2)
suite=$(cell scripts/kernels "$KERNEL" 3)
[ -n "$package" ] ||
	die "no data for kernel $KERNEL" "take one of scripts/kernels: $(rows scripts/kernels | cut -f1 | tr '\n' ' ')"

download=$build/download
have()
{
	find "$download" -name "${package}_*.deb" 2>/dev/null | sort -V | tail -n 1
}
deb=$(have)
if [ -n "$deb" ]; then
	echo "| have ${deb##*/}"
	exit 0
fi

state=$build/apt/$KERNEL
mkdir -p "$download/partial" "$state/lists/partial"
set -- -o Dir::State::lists="$state/lists" -o Dir::Cache="$state" \
	-o APT::Sandbox::User=root -o Acquire::Retries=2
if [ "$suite" != - ]; then
	# The same mirror and keys as the machine's own Debian sources.
	uri=$(apt-get indextargets --format '$(REPO_URI)' |
		grep -m 1 '/debian/*$') ||
		die "this machine has no Debian source in its apt configuration" \
			"add one, or give a kernel tree with KSRC=DIR"
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
		"$uri" "$suite" >"$state/sources.list"
	set -- "$@" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null
fi

# update succeeds even when it could read nothing.
status=0
apt-get "$@" update >"$state/update.log" 2>&1 || status=$?
cat "$state/update.log"
if [ "$status" -ne 0 ] || grep -q '^Err:\|^E: \|^W: Failed' "$state/update.log"; then
	die "the package lists could not be read (no network?)" \
		"mend the network and repeat, or give a kernel tree with KSRC=DIR"
fi
apt-cache "$@" show "$package" >/dev/null 2>&1 ||
	die "package $package has gone from the archive" \
		"give a kernel tree of version $KERNEL with KSRC=DIR"
(cd "$download/partial" && apt-get "$@" download "$package") ||
	die "cannot download $package" \
		"repeat, or give a kernel tree with KSRC=DIR"
mv "$download"/partial/"$package"_*.deb "$download/"
deb=$(have)
echo "| got ${deb##*/}"
