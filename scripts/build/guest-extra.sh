#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest-extra.sh TREE DIR: what a guest needs of the kernel that was built from TREE
# in DIR, packed as DIR/guest-extra.gz; boot.sh puts it behind the initramfs that
# all kernels share.
#
#	/modules	scripts/guest/modules/*.c, built as modules
#	/selftests	the kernel's own tests of efivarfs, which want bash

. "$(dirname "$0")/../lib.sh"

[ $# -eq 2 ] || die "guest-extra.sh needs a tree and a directory" \
	"usage: guest-extra.sh TREE DIR"
tree=$1
dir=$(realpath "$2")
need cpio cpio
need bash-static bash-static
[ -f "$dir/vmlinux.symvers" ] || die "no built kernel in $dir" "run: make kernel"

work=$dir/guest-modules
root=$dir/guest-extra
log=$dir/guest-extra.log
mkdir -p "$work"
: >"$work/Kbuild.new"
for f in "$top"/scripts/guest/modules/*.c; do
	name=$(basename "$f" .c)
	cmp -s "$f" "$work/$name.c" || cp "$f" "$work/"
	echo "obj-m += $name.o" >>"$work/Kbuild.new"
done
cmp -s "$work/Kbuild.new" "$work/Kbuild" || cp "$work/Kbuild.new" "$work/Kbuild"

# Without modules of the kernel's own there is no Module.symvers.
symbols=
[ -f "$dir/Module.symvers" ] || symbols=KBUILD_EXTRA_SYMBOLS=$dir/vmlinux.symvers
for goal in modules_prepare "M=$work $symbols modules"; do
	# Words of a goal have no blanks.
	# shellcheck disable=SC2086
	make -C "$tree" O="$dir" ARCH=x86_64 CC="ccache gcc" -j"$J" $goal >"$log" 2>&1 ||
		die "the modules of the guest do not build: $(grep -m 1 -e 'error:' -e 'ERROR:' "$log" || :)" \
			"read $log"
done

rm -rf "$root"
mkdir -p "$root/modules" "$root/bin" "$root/selftests/efivarfs"
cp "$work"/*.ko "$root/modules/"
install -m 755 "$(command -v bash-static)" "$root/bin/bash"
tests=$tree/tools/testing/selftests/efivarfs
install -m 755 "$tests/efivarfs.sh" "$root/selftests/efivarfs/"
for program in create-read open-unlink; do
	gcc -static -O2 -o "$root/selftests/efivarfs/$program" "$tests/$program.c" >"$log" 2>&1 ||
		die "$tests/$program.c does not compile" "read $log"
done
archive "$root" "$dir/guest-extra.gz"
