#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in a copy of vmlinux: pti_scope, which the kernel's build runs, must
# name what entry text refers to on user mode's page table and may not.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

work=$out/tests/pti-entry
rm -rf "$work"
mkdir -p "$work"

vmlinux=$out/x86_64/vmlinux
tool=$out/x86_64/arch/x86/tools/pti_scope
[ -f "$vmlinux" ] && [ -x "$tool" ] || die "there is no kernel with pti_scope" "run: make kernel"

nm "$vmlinux" >"$work/symbols"
readelf -SW "$vmlinux" | sed -n 's/^ *\[ *[0-9]*\] //p' >"$work/sections"

# address SYMBOL: of a symbol. Shells count with 63 bits: what is above is left out.
address()
{
	awk -v s="$1" '$3 == s { print substr($1, 9); exit }' "$work/symbols"
}

{
	objdump -d --no-show-raw-insn --start-address="0xffffffff$(address __entry_text_start)" \
		--stop-address="0xffffffff$(address __entry_text_end)" -j .text "$vmlinux"
	objdump -d --no-show-raw-insn -j .altinstr_replacement "$vmlinux"
} >"$work/code"

# place ADDRESS: where that is in the file.
place()
{
	a=$((0x$1))
	while read -r _ type start offset size _; do
		case $type in PROGBITS) ;; *) continue ;; esac
		case $start in ffffffff*) ;; *) continue ;; esac
		s=$((0x${start#ffffffff}))
		[ $a -lt $s ] || [ $a -ge $((s + 0x$size)) ] || echo $((0x$offset + a - s))
	done <"$work/sections"
}

# code LABEL PATTERN: the addresses of the instructions below a label that match, each
# with that of the next one.
code()
{
	awk -v label="<$1>:" -v pattern="$2" '
		/^[0-9a-f]+ </ { on = label == "<>:" || $2 == label; next }
		/^[0-9a-f]+:/ {
			at = substr($1, 9, 8)
			if (last != "") print last, at
			last = on && $0 ~ pattern ? at : ""
		}' "$work/code"
}

# put ADDRESS BYTES: write into the copy; bytes as printf has them.
put()
{
	at=$(place "$1")
	[ -n "$at" ] || die "nothing is at $1 in $vmlinux" "compare $work/sections"
	# shellcheck disable=SC2059
	printf "$2" | dd of="$work/vmlinux" bs=1 seek="$at" conv=notrunc status=none
}

# planted TEXT SAYS LABEL PATTERN START|LAST4 BYTES: the bytes go to the start, or to the
# last four bytes, of each such instruction; pti_scope must say so.
planted()
{
	text=$1 pattern=$2
	cp "$vmlinux" "$work/vmlinux"
	code "$3" "$4" >"$work/found"
	while read -r from next; do
		[ "$5" = START ] || from=$(printf %x $((0x$next - 4)))
		put "$from" "$6"
	done <"$work/found"
	if cmp -s "$vmlinux" "$work/vmlinux"; then
		fail "$text" "the fault was not planted"
	else
		says "$text" "$pattern" "$tool" "$work/vmlinux"
	fi
}

if "$tool" -l "$vmlinux" >"$work/list" 2>&1; then
	pass "the kernel refers to nothing outside: $(grep ' instructions run ' "$work/list")"
else
	fail "the kernel refers to nothing outside" "$(tail -n 1 "$work/list")"
fi

# Where user mode enters and leaves: in each there is something to look at.
for f in entry_SYSCALL_64 entry_SYSENTER_compat entry_SYSCALL_compat irq_entries_start \
	 asm_exc_page_fault asm_exc_int3 asm_exc_debug asm_exc_double_fault asm_exc_nmi \
	 error_entry paranoid_entry paranoid_exit common_interrupt_return; do
	n=$(grep -c "^$f\(+.*\)\?\$" "$work/list" || :)
	if [ "$n" -gt 4 ]; then
		pass "$f was looked at"
	else
		fail "$f was looked at" "$n instructions"
	fi
done

far='\000\000\000\001'
planted "another per-CPU variable is found" \
	"entry_SYSCALL_64+0x3 accesses .* on user mode's page table; do that" \
	entry_SYSCALL_64 'mov +%rsp,%gs:' LAST4 "$far"
planted "a call of other code is found" \
	"asm_exc_page_fault+0x.* goes to .* on user mode's page table" \
	asm_exc_page_fault 'call .*<error_entry>' LAST4 "$far"
planted "a system call that keeps the table of user mode is found" \
	"entry_SYSCALL_64+0x.* accesses .* on user mode's page table" \
	entry_SYSCALL_64 'mov +%rsp,%cr3' START '\220\220\220'
planted "an exception that keeps it is found" \
	"error_entry+0x.* goes to sync_regs on user mode's page table" \
	error_entry 'mov +%rax,%cr3' START '\220\220\220'
planted "an NMI that keeps it is found" \
	"asm_exc_nmi+0x.* accesses .* on user mode's page table" \
	asm_exc_nmi 'mov +%rdx,%cr3' START '\220\220\220'
planted "a use of another stack is found" \
	"entry_SYSCALL_64 uses a stack that is not in the CPU entry area on" \
	entry_SYSCALL_64 'swapgs' START '\120\220\220'
planted "a use of a register after the way back has begun is found" \
	"entry_SYSCALL_64+0x.* accesses what a register points to on" \
	entry_SYSRETQ_unsafe_stack 'swapgs' START '\212\000\220'
planted "a jump through a register is found" \
	"entry_SYSCALL_64+0x.* goes where a register or memory says on" \
	entry_SYSRETQ_unsafe_stack 'swapgs' START '\377\340\220'
planted "code that is patched in is looked at" \
	"entry_SYS.*+0x.* accesses .* on user mode's page table" \
	'' 'verw .*(%rip)' LAST4 "$far"
planted "a reason that is not needed is found" \
	"nothing at error_entry returns on user mode's page table; remove its row" \
	error_entry 'ret *$' START '\314'

# The row of the TSS in pti_scope[] becomes empty: the entry of SYSCALL uses it.
cp "$vmlinux" "$work/vmlinux"
put "$(printf %x $((0x$(address pti_scope) + 48 + 24)))" '\000\000\000\000\000\000\000\000'
says "a row that is missing in the scope is found" \
	"entry_SYSCALL_64+0x3 accesses cpu_tss_rw+0x" "$tool" "$work/vmlinux"

strip -o "$work/vmlinux" "$vmlinux"
says "a vmlinux without symbols is told" "vmlinux has no symbols; do not strip it" \
	"$tool" "$work/vmlinux"
says "what is no vmlinux is told" "is not an ELF file for x86-64; name a vmlinux" \
	"$tool" "$top/README.md"
rm -f "$work/vmlinux"
finish
