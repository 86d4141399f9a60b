#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kernel.sh [FRAGMENT...]: build the x86-64 kernel from the replayed tree.
#
# Without a fragment the configuration is kunit/x86_64.config and
# kunit/suites.config, and the result is in $out/x86_64; kunit/debug-pt.config is merged over it in $out/x86_64-debug.

. "$(dirname "$0")/lib.sh"

need ccache ccache
[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"

base=$top/kunit/x86_64.config
name=x86_64
for frag; do
	name=$name-$(basename "$frag" .config | cut -d- -f1)
done
dir=$out/$name
set -- "$base" "$top/kunit/suites.config" "$@"
image=$dir/arch/x86/boot/bzImage
stamp=$dir/built
start=$(date +%s)

# What the image is made of; "dirty" is never up to date.
inputs()
{
	git -C "$linux" rev-parse HEAD
	[ -z "$(git -C "$linux" status --porcelain | head -n 1)" ] || echo dirty
	for frag; do
		cat "$frag" "${frag%.config}-$KERNEL.config" 2>/dev/null || :
	done
	cat "$top/scripts/config.sh"
	gcc --version
}

finish()
{
	line="x86-64 kernel: $1 in $(($(date +%s) - start)) s"
	result "kernel-$name" "$line"
	echo "| $line"
	exit 0
}

now=$(inputs "$@")
if [ -f "$image" ] && [ "$now" = "$(cat "$stamp" 2>/dev/null)" ]; then
	case $now in
	*dirty*) ;;
	*)
		result "kernel-$name" "x86-64 kernel: up to date"
		echo "| x86-64 kernel: up to date"
		exit 0
		;;
	esac
fi
rm -f "$stamp"

"$top/scripts/config.sh" "$dir" "$@"

targets=bzImage
! grep -q '=m$' "$dir/.config" || targets='bzImage modules'

# The log's last line says how far the build is.
ccache --zero-stats >/dev/null
echo 0 >"$dir/objects"
rm -f "$dir/made" "$dir/wrong"
{
	# Words of a list of targets.
	# shellcheck disable=SC2086
	make -C "$linux" O="$dir" ARCH=x86_64 CC="ccache gcc" -j"$J" $targets 2>&1 &&
		: >"$dir/made"
} | while IFS= read -r said; do
	case $said in
	"  CC "* | "  AS "*)
		n=$((${n:-0} + 1))
		echo "$n" >"$dir/objects"
		said="$n objects:$said"
		;;
	*": error: "* | *"undefined reference"* | "make"*"Error "*)
		[ -s "$dir/wrong" ] || printf '%s\n' "$said" >"$dir/wrong"
		;;
	esac
	printf '%s\n' "$said"
done
[ -f "$dir/made" ] ||
	die "the x86-64 kernel does not build: $(cat "$dir/wrong" 2>/dev/null)" \
		"correct that in $linux and run the same command again"
rm "$dir/made"

# modules.gz: an archive beside the initramfs, with the modules that were built.
rm -rf "$dir/modules.root" "$dir/modules.gz"
if [ "$targets" != bzImage ]; then
	mkdir -p "$dir/modules.root/modules"
	sed 's/\.o$/.ko/' "$dir/modules.order" | while read -r module; do
		cp "$dir/$module" "$dir/modules.root/modules/"
	done
	find "$dir/modules.root" -exec touch -h -d @0 {} +
	(cd "$dir/modules.root" && find . | LC_ALL=C sort |
		cpio --quiet --reproducible -R 0:0 -H newc -o) | gzip -9n >"$dir/modules.gz"
	rm -rf "$dir/modules.root"
fi

case $now in
*dirty*) ;;
*) printf '%s\n' "$now" >"$stamp" ;;
esac
hits=$(ccache --print-stats | awk '$1 ~ /^(direct|preprocessed)_cache_hit$/ { n += $2 } END { print n + 0 }')
finish "$(cat "$dir/objects") objects ($hits from ccache)"
