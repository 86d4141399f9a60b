#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The probes of docs/tools.md, on the debugging information and the headers of the
# kernel before and after the split, of one that renames once more, and of the
# commit between that has both spellings.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

# Debian has bpftool where not every user looks.
PATH=$PATH:/usr/sbin

p=$top/tools/pg_table/probes
d=$build/test/probes/$KERNEL
layout=$out/layout
for o in "$layout/stock/init-mm.o" "$layout/split/init-mm.o" "$out/x86_64/include/generated/autoconf.h"; do
	[ -f "$o" ] || die "there is no ${o#"$top"/}" "run: make layout"
done
rm -rf "$d"
mkdir -p "$d/stock" "$d/split" "$d/neither" "$d/both"

# The fault is "neither": a kernel that renames once more.
cp "$layout/stock/init-mm.o" "$d/stock/"
cp "$layout/split/init-mm.o" "$d/split/"
echo 'struct mm_struct { int mm_users; } init_mm;' >"$d/neither.c"
cat >"$d/both.c" <<EOF
typedef struct { unsigned long pgd; } pgd_t;
struct pg_table { pgd_t *pgd; };
struct mm_struct {
	struct {
		long mm_users;
		union {
			struct pg_table pgt;
			struct { pgd_t *pgd; };
		};
	};
} init_mm;
EOF
for k in neither both; do
	gcc -g -c -o "$d/$k/init-mm.o" "$d/$k.c"
done

# What pahole says is what every probe has to find.
path()
{
	case $1 in
	stock) echo pgd ;;
	split | both) echo pgt.pgd ;;
	esac
}

want()
{
	case $1 in
	both) at=8 ;;
	*) at=$(sed -n 's,^.*[ *]pgd;[[:space:]]*/\* *\([0-9]*\) .*,\1,p' "$layout/$1/mm_struct" | head -n 1) ;;
	esac
	printf 'mm->%s %s\n' "$(path "$1")" "$at"
}

# finds PROBE KERNEL SAID WANTED
finds()
{
	if [ "$3" = "$4" ]; then
		pass "$1 on $2: $4"
	else
		fail "$1 on $2" "it says \"$3\", not \"$4\""
	fi
}

# refuses PROBE STATUS SAID PATTERN: a kernel with neither is an error, in words.
refuses()
{
	if [ "$2" -ne 0 ] && printf '%s\n' "$3" | grep -q "$4"; then
		pass "$1 refuses a kernel with neither"
	else
		fail "$1 refuses a kernel with neither" "status $2: $3"
	fi
}

# gdb: the offset, the value in a linked file, the other fields, the fault.
with_gdb()
{
	nice gdb -nx -batch -x "$p/mm_root.gdb" "$@" 2>&1
}

# gdb_says FILE: what mm_root says of an mm_struct at address 0.
gdb_says()
{
	with_gdb -ex 'set $mm = (struct mm_struct *)0' -ex 'mm_root $mm' \
		-ex 'printf "%d\n", (long)$' "$1" |
		sed -n 's/^\([^ ]*\) \$1 = .*/\1/p; /^[0-9]*$/p' | paste -sd ' '
}

# has OBJECT MEMBER: whether mm_struct has it.
has()
{
	nice gdb -nx -batch -ex "print &((struct mm_struct *)0)->$2" "$1" >/dev/null 2>&1
}

gdb_probe()
{
	root=0xffffffff82a0c000
	for k in stock split both; do
		finds mm_root.gdb $k "$(gdb_says "$d/$k/init-mm.o")" "$(want $k)"
	done
	for k in stock split; do
		# A linked file has the value: init_mm's root is a symbol.
		ld -e 0 --unresolved-symbols=ignore-all --defsym init_top_pgt=$root \
			-Ttext=0xffffffff81000000 -o "$d/$k/vmlinux" "$d/$k/init-mm.o"
		said=$(with_gdb -ex 'mm_root &init_mm' -ex 'print/x (long)*$' "$d/$k/vmlinux") || :
		if [ "${said##* }" = $root ]; then
			pass "mm_root.gdb reads the root of init_mm ($k)"
		else
			fail "mm_root.gdb reads the root of init_mm ($k)" "it says: $said"
		fi
	done
	status=0
	said=$(with_gdb -ex 'mm_root &init_mm' "$d/neither/init-mm.o") || status=$?
	refuses mm_root.gdb "$status" "$said" 'no member named pgd'

	for pair in pgd:pgt.pgd pgtables_bytes:pgt.pgtables_bytes page_table_lock:pgt.lock; do
		old=${pair%:*} new=${pair#*:}
		bad=
		has "$d/stock/init-mm.o" "$old" || bad="stock has no $old;"
		! has "$d/stock/init-mm.o" "$new" || bad="$bad stock has $new;"
		has "$d/split/init-mm.o" "$new" || bad="$bad split has no $new;"
		! has "$d/split/init-mm.o" "$old" || bad="$bad split has $old;"
		if [ -z "$bad" ]; then
			pass "mm->$old has become mm->$new"
		else
			fail "mm->$old has become mm->$new" "$bad"
		fi
	done
}

# drgn runs under the Python of its package, which need not be the first one.
drgn_probe()
{
	py=$(sed -n '1s/^#! *//p' "$(command -v drgn)")
	for k in stock split both; do
		said=$(nice "$py" -B "$p/mm_root.py" "$d/$k/init-mm.o" 2>&1) || :
		finds mm_root.py $k "$said" "$(want $k)"
	done
	status=0
	said=$(nice "$py" -B "$p/mm_root.py" "$d/neither/init-mm.o" 2>&1) || status=$?
	refuses mm_root.py "$status" "$said" "has no member 'pgd'"
}

# kept KERNEL: the member that one BPF object uses of the BTF of a kernel, once
# bpftool has resolved its relocations against it, and its offset in bytes.
kept()
{
	pahole -J --btf_encode_detached "$d/$1/btf" "$d/$1/init-mm.o" &&
		bpftool gen min_core_btf "$d/$1/btf" "$d/$1/min.btf" "$d/mm_root.bpf.o" &&
		bpftool btf dump file "$d/$1/min.btf" >"$d/$1/min" || return 1
	bits=$(sed -n "s/^[[:space:]]*'pg[dt]' .*bits_offset=\([1-9][0-9]*\).*/\1/p" "$d/$1/min")
	if grep -q "^[[:space:]]*'pgt' " "$d/$1/min"; then
		echo "mm->pgt.pgd $((bits / 8))"
	elif grep -q "^[[:space:]]*'pgd' " "$d/$1/min"; then
		echo "mm->pgd $((bits / 8))"
	else
		echo none
	fi
}

bpf_probe()
{
	if ! nice clang -g -O2 -Wall -Werror -target bpf -I"/usr/include/$(gcc -print-multiarch)" \
	     -c "$p/mm_root.bpf.c" -o "$d/mm_root.bpf.o" 2>"$d/clang"; then
		fail "mm_root.bpf.c compiles" "$(head -n 1 "$d/clang")"
		return
	fi
	for k in stock split; do
		said=$(kept $k 2>&1) || :
		finds mm_root.bpf.c $k "$said" "$(want $k)"
	done
	said=$(kept neither 2>&1) || :
	check "mm_root.bpf.c finds no member in a kernel with neither" [ "$said" = none ]
}

# module NAME KERNEL HEADERS: build it as its user would, against the headers of a
# kernel; what they do not replace is the same in all.
module()
{
	cp -R "$p/module" "$d/$1/module"
	nice make -s -C "$linux" O="$out/x86_64" M="$d/$1/module" \
		CC="gcc -I$layout/$2/arch/x86/include -I$3" probe.o >"$d/$1/make" 2>&1
}

module_probe()
{
	for k in stock split; do
		module $k $k "$layout/$k/include" || :
		said=$(grep -a -o 'mm_root=[a-z.]*' "$d/$k/module/probe.o" 2>/dev/null || tail -n 1 "$d/$k/make")
		finds module/Kbuild $k "${said#mm_root=}" "$(path $k)"
	done
	cp -R "$layout/split/include" "$d/neither/"
	sed -i 's/struct pg_table pgt;/struct pg_table table;/' "$d/neither/include/linux/mm_types.h"
	status=0
	module neither split "$d/neither/include" || status=$?
	refuses module/Kbuild "$status" "$(cat "$d/neither/make")" 'has neither pgt.pgd nor pgd'
}

# probe FUNCTION COMMAND...: run it when its programs are there.
probe()
{
	f=$1
	shift
	for c; do
		command -v "$c" >/dev/null 2>&1 || {
			skip "$f" "$c is not installed"
			return
		}
	done
	$f
}

probe gdb_probe gdb ld
probe drgn_probe drgn
probe bpf_probe clang bpftool pahole
probe module_probe gcc
finish
