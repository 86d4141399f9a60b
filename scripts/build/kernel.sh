#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kernel.sh [FRAGMENT...]: build the x86-64 kernel from the replayed tree.
#
# Without a fragment the configuration is kunit/x86_64.config, kunit/guest.config,
# kunit/suites.config and kunit/asi.config, and the result is in $out/x86_64;
# kunit/debug-pt.config is merged over the first three in $out/x86_64-debug.
#
# Environment: STOCK=1, the kernel before the series, in $out/x86_64-stock, without
# the options that it brings; MACHINE, a row of scripts/boot/machines: its kernel instead, of
# kunit/machine.config and kunit/machine-NAME.config, in $out/NAME.

. "$(dirname "$0")/../lib.sh"

need ccache ccache
[ -z "${STOCK:-}" ] || checkout "$linux" stock
[ -d "$linux/.git" ] || die "no kernel tree in $linux" "run: make tree"

machine=${MACHINE:-x86_64}
label=x86-64
name=$machine${STOCK:+-stock}
for frag; do
	name=$name-$(basename "$frag" .config | cut -d- -f1)
done
dir=$out/$name
if [ "$machine" = x86_64 ]; then
	ARCH=x86_64
	cc=gcc
	target=bzImage
	image=$dir/arch/x86/boot/bzImage
	[ $# -gt 0 ] || set -- "$top/kunit/asi.config"
	set -- "$top/kunit/suites.config" "$@"
	set -- "$top/kunit/x86_64.config" "$top/kunit/guest.config" "$@"
else
	label=$machine
	ARCH=$(cell scripts/boot/machines "$machine" 2)
	[ -n "$ARCH" ] || die "no machine called $machine" \
		"choose from: $(rows scripts/boot/machines | cut -f1 | paste -s -d' ')"
	compiler=$(cell scripts/boot/machines "$machine" 3)
	case $compiler in
	LLVM=*)
		export LLVM="${compiler#LLVM=}"
		cc=clang$LLVM
		package="clang$LLVM lld$LLVM llvm$LLVM"
		;;
	-) cc=gcc package=gcc ;;
	*)
		export CROSS_COMPILE="$compiler"
		cc=${compiler}gcc package=gcc-${compiler%-}
		;;
	esac
	target=$(cell scripts/boot/machines "$machine" 11)
	image=$dir/arch/$ARCH/boot/$target
	need "$cc" "$package"
	set -- "$top/kunit/machine.config" "$top/kunit/machine-$machine.config" "$@"
fi
export ARCH
stamp=$dir/built
start=$(date +%s)

# What the image is made of; "dirty" is never up to date.
inputs()
{
	git -C "$linux" rev-parse "HEAD^{tree}"
	[ -z "$(git -C "$linux" status --porcelain | head -n 1)" ] || echo dirty
	for frag; do
		# Names have no blanks.
		# shellcheck disable=SC2046
		cat "$frag" $(owned "${frag%.config}" .config)
	done
	cat "$top/scripts/build/config.sh" "$top/scripts/build/guest-extra.sh" "$top"/scripts/guest/modules/*.c
	"$cc" --version
}

finish()
{
	line="$label kernel: $1 in $(($(date +%s) - start)) s"
	result "kernel-$name" "$line"
	echo "| $line"
	exit 0
}

now=$(inputs "$@")
if [ -f "$image" ] && unchanged "$stamp" "$now"; then
	case $now in
	*dirty*) ;;
	*)
		result "kernel-$name" "$label kernel: up to date"
		echo "| $label kernel: up to date"
		exit 0
		;;
	esac
fi
rm -f "$stamp"

"$top/scripts/build/config.sh" "$dir" "$@"

! grep -q '=m$' "$dir/.config" || target="$target modules"

# The log's last line says how far the build is.
ccache --zero-stats >/dev/null
echo 0 >"$dir/objects"
rm -f "$dir/made" "$dir/wrong"
{
	make_image "$target" -C "$linux" O="$dir" CC="ccache $cc" -j"$J" 2>&1 && : >"$dir/made"
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
	die "the $label kernel does not build: $(cat "$dir/wrong" 2>/dev/null)" \
		"correct that in $linux and run the same command again"
rm "$dir/made"
[ "$machine" != x86_64 ] || "$top/scripts/build/guest-extra.sh" "$linux" "$dir"

# modules.gz: an archive beside the initramfs, with the modules that were built.
rm -rf "$dir/modules.root" "$dir/modules.gz"
if grep -q '=m$' "$dir/.config"; then
	mkdir -p "$dir/modules.root/modules"
	sed 's/\.o$/.ko/' "$dir/modules.order" | while read -r module; do
		cp "$dir/$module" "$dir/modules.root/modules/"
	done
	archive "$dir/modules.root" "$dir/modules.gz"
fi

case $now in
*dirty*) ;;
*) printf '%s\n' "$now" >"$stamp" ;;
esac
hits=$(ccache --print-stats | awk '$1 ~ /^(direct|preprocessed)_cache_hit$/ { n += $2 } END { print n + 0 }')
finish "$(cat "$dir/objects") objects ($hits from ccache)"
