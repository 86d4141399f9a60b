#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in what the checks of PTI look at: each must be found.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/pti
rm -rf "$work"
mkdir -p "$work/ours"

stock=$out/pti/stock
ours=$out/pti/ours
[ -s "$ours/auto.ktap" ] || die "there is nothing to compare" "run: scripts/compare/pti.sh"
pti=$top/scripts/compare/pti.sh

check "the results are the same" "$pti" --compare "$stock" "$ours" on on-4 auto nopti

# edited MODE TEXT PATTERN SED-SCRIPT: an edit of our result that must be found.
edited()
{
	plant "$ours/$1.ktap" "$work/ours/$1.ktap" "$4"
	says "$2" "$3" "$pti" --compare "$stock" "$work/ours" "$1"
}

differs="user table of [a-z0-9-]* is not as with the stock kernel: < "
edited on "an entry with other access is found" "$differs.* ro GLB NX pte;" \
	'0,/^# map f.*: ro GLB NX pte/s/: ro GLB/: RW GLB/'
edited on "an entry for user mode is found" "$differs.* ro GLB NX pte;" \
	'0,/^# map f.*: ro GLB NX pte/s/: ro GLB/: USR ro GLB/'
edited on "an entry that is lost is found" "$differs.* RW NX pte;" \
	'0,/^# map f.*: RW NX pte/{/^# map f.*: RW NX pte/d}'
edited on "a hole of another level is found" "$differs.*: pud;" \
	'0,/^# map f.*: pud$/s/: pud$/: pmd/'
edited on "kernel text that is mapped is found" "$differs.*image, text: 0 pmd,;" \
	's/^\(# map image, text: 0\) pmd/\1 ro PSE x pmd/'
edited on "entry text that is not global is found" "$differs.*image, entry text: 0 ro PSE GLB x pmd,;" \
	's/^\(# map image, entry text: .*\)GLB /\1/'
edited auto "another end of a part of the image is found" "$differs.*image, behind rodata: 0 pte,;" \
	's/^# map image, behind rodata: .*/&, 1000 pmd,/'
edited on "espfix with other access is found" "$differs.*espfix + [1-9].* ro GLB NX pte;" \
	's/^\(# map espfix + [1-9].*\) ro/\1 RW/'
edited nopti "a user table of its own without PTI is found" "$differs.*the kernel half of the kernel's table;" \
	"s/^# map the kernel half of .*/# map ffff888000000000-ffff888000200000: RW NX pmd/"
edited on "an empty dump is found" "on.ktap has next to nothing of the table" '/^# map /d'

# Two boots, one with the vsyscall page and one without.
cp "$ours/on-none.ktap" "$work/ours/on-4.ktap"
says "the vsyscall page is found to be missing" "$differs.*-ffffffffff000000: pmd;" \
	"$pti" --compare "$stock" "$work/ours" on-4
check "it says where" grep -qx "< ffffffffff600000-ffffffffff601000: USR ro NX pte" \
	"$out/pti/on-4.diff"
rm "$work/ours/on.ktap"
says "a result that is missing is told" "there is no .*on.ktap" \
	"$pti" --compare "$stock" "$work/ours" on

other_config()
{
	mkdir -p "$work/a" "$work/b"
	echo CONFIG_PG_TABLE_KUNIT_TEST=y >"$work/a/.config"
	echo CONFIG_KASAN=y >"$work/b/.config"
	(same_config "$work/a" "$work/b")
}
says "a configuration that differs is told" "the two configurations differ: > CONFIG_KASAN=y" \
	other_config

# reads NAME TEXT LINE...: guest-pti=reads fails, and says so of each.
reads()
{
	name=$1
	text=$2
	shift 2
	says "$text" "check failed: guest-pti=reads;" "$top/scripts/boot/boot.sh" "$name"
	for line; do
		check "it says: $line" grep -q "^# $line" "$DIR/$name.ktap"
	done
}

DIR=$work/boot
MODES=${work#"$top"/}/modes
export DIR MODES
rows scripts/compare/modes-pti | awk -F'\t' -v OFS='\t' '$1 == "auto" || $1 == "nopti" { $8 = $8 " guest-pti=reads" } { print }' \
	>"$work/modes"
reads auto "kernel text in the user table is found" \
	'kernel text before entry text: [0-9a-f]* is in the user table' "the direct map: [0-9]* pages, no path"
reads nopti "the direct map in the user table is found" 'the direct map: [0-9a-f]* is in the user table' \
	'the same by the direct map: [0-9a-f]* is in the user table'

# The program has a page and an LDT where the other process has them.
root=$work/root
mkdir -p "$root/bin"
sed 's/^\tpid = fork();/\tmmap((void *)OTHERS, 4096, 3, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);\n&/
	s/^\tfailed = read(pipes\[0\], &ready, 1) != 1/&||\n\tsyscall(SYS_modify_ldt, 1, \&(struct user_desc) { .seg_32bit = 1 }, sizeof(struct user_desc))/' \
	"$top/scripts/guest/pti.c" >"$work/planted.c"
gcc -static -o "$root/bin/guest-pti" "$work/planted.c" ||
	die "the planted fault does not compile" "compare scripts/guest/pti.c and $0"
archive "$root" "$work/planted.gz"
cat "$out/initramfs.gz" "$work/planted.gz" >"$work/initramfs.gz"
export INITRAMFS="$work/initramfs.gz"
reads on-4 "another process's page in the user table is found" \
	"another process's page: 30000000 is in the user table" "another process's LDT: there is none"
finish
