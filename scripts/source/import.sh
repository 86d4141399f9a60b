#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# import.sh: make $linux, a git tree whose first commit, tagged "stock", is
# the stock source or a copy of the user's tree at KSRC.

. "$(dirname "$0")/../lib.sh"

need git git
if [ -z "$KSRC" ]; then
	deb=$(find "$build/download" -name "$(cell scripts/source/kernels "$KERNEL" 2)_*.deb" | sort -V | tail -n 1)
	[ -n "$deb" ] || die "no stock source in build/download" "run: make fetch"
	id=${deb##*/}
	title="Linux $KERNEL from ${id%_all.deb}"
else
	[ "$data" = "$KERNEL" ] ||
		echo "| $KSRC is a kernel $KERNEL, for which there is no data; that of $data is used"
	if git -C "$KSRC" rev-parse HEAD >/dev/null 2>&1 &&
	   [ "$(git -C "$KSRC" rev-parse --show-toplevel)" = "$KSRC" ]; then
		[ -z "$(git --no-optional-locks -C "$KSRC" status --porcelain)" ] ||
			die "KSRC=$KSRC has uncommitted changes" \
				"commit or stash them there"
		id=git:$(git -C "$KSRC" rev-parse HEAD)
	else
		id=dir:$(find "$KSRC" -type f -printf '%P %s %T@\n' | sort | sha256sum | cut -c1-16)
	fi
	title="Linux $KERNEL from $KSRC ($id)"
fi

if [ -d "$linux" ] && unchanged "$out/stock.id" "$id"; then
	echo "| have $title"
	exit 0
fi
[ ! -d "$linux" ] || [ -z "$(git -C "$linux" status --porcelain -uno)" ] ||
	die "the stock source changed and $linux has uncommitted changes" \
		"save them, remove $linux and repeat"

free=$(df -Pk "$build" | awk 'NR == 2 { print int($4 / 1048576) }')
[ "$free" -ge "${DISK_GB:-15}" ] ||
	die "only $free GB are free under build/, ${DISK_GB:-15} GB are needed" \
		"free some space, or make build/ a link to a larger disk"

tmp=$out/import.tmp
rm -rf "$tmp" "$linux" "$out/stock.id" "$out/steps"
mkdir -p "$tmp"
git -C "$tmp" init -q -b main

# One pack of lightly compressed blobs, not 85,000 loose objects.
git_add()
{
	git -C "$tmp" -c core.bigFileThreshold=1 -c core.compression=1 \
		-c core.fsync=none add -A -f
}

case $id in
git:*)
	echo "fetching HEAD of $KSRC"
	git -C "$tmp" fetch -q --depth=1 "file://$KSRC" HEAD
	git -C "$tmp" reset -q --hard FETCH_HEAD
	;;
dir:*)
	echo "copying $KSRC"
	cp -a "$KSRC/." "$tmp/"
	echo "making the first commit"
	git_add
	;;
*)
	echo "unpacking ${deb##*/}"
	dpkg-deb --fsys-tarfile "$deb" | tar xO --wildcards './usr/src/*.tar.xz' |
		tar xJ -C "$tmp" --strip-components=1
	# Debian ignores all that is not debian/: git would not see new files.
	sed -i '/^# Debian packaging: ignore everything/,$d' "$tmp/.gitignore"
	echo "making the first commit"
	git_add
	;;
esac
! grep -q 'struct pg_table pgt;' "$tmp/include/linux/mm_types.h" || {
	rm -rf "$tmp"
	die "$title is already split (mm_struct has a pgt)" \
		"give a tree without the series"
}
case $id in
git:*) ;;
*) rig_git "$tmp" commit -q -m "$title" ;;
esac
git -C "$tmp" tag stock
mv "$tmp" "$linux"
printf '%s\n' "$id" >"$out/stock.id"
echo "| $title"
