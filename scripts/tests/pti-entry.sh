#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults planted in a copy of vmlinux: pti_scope, which the kernel's build runs, must
# name what entry text refers to on user mode's page table and may not.
# Environment: MACHINE, x86_64, distro or i386-pae; TOOL, another pti_scope than the kernel's.

. "$(dirname "$0")/../lib.sh"
# shellcheck source=tap.sh
. "$top/scripts/tests/tap.sh"

machine=${MACHINE:-x86_64}
# What addresses begin with that is left out: shells count with 63 bits.
case $machine in
x86_64 | distro) high=ffffffff ;;
i386-pae) high= ;;
*) die "no entry text to test on $machine" "choose from: x86_64 distro i386-pae" ;;
esac

work=$out/tests/pti-entry-$machine
rm -rf "$work"
mkdir -p "$work"

vmlinux=$out/$machine/vmlinux
tool=${TOOL:-$out/$machine/arch/x86/tools/pti_scope}
[ -f "$vmlinux" ] && [ -x "$tool" ] ||
	die "there is no kernel with pti_scope in $out/$machine" "run: MACHINE=$machine scripts/build/kernel.sh"

nm "$vmlinux" >"$work/symbols"
readelf -SW "$vmlinux" | sed -n 's/^ *\[ *[0-9]*\] //p' >"$work/sections"

# address SYMBOL: of a symbol, in eight digits as all addresses here.
address()
{
	awk -v s="$1" '$3 == s { print substr($1, length($1) - 7); exit }' "$work/symbols"
}

{
	objdump -d --no-show-raw-insn --start-address="0x$high$(address __entry_text_start)" \
		--stop-address="0x$high$(address __entry_text_end)" -j .text "$vmlinux"
	objdump -d --no-show-raw-insn -j .altinstr_replacement "$vmlinux"
} >"$work/code"

# place ADDRESS: where that is in the file.
place()
{
	a=$((0x$1))
	while read -r _ type start offset size _; do
		case $type in PROGBITS) ;; *) continue ;; esac
		case $start in "$high"????????) ;; *) continue ;; esac
		s=$((0x${start#"$high"}))
		[ $a -lt $s ] || [ $a -ge $((s + 0x$size)) ] || echo $((0x$offset + a - s))
	done <"$work/sections"
}

# code LABEL PATTERN: the addresses of the instructions below a label, or "-" for any,
# that match, each with that of the next one.
code()
{
	awk -v label="<$1>:" -v pattern="$2" '
		/^[0-9a-f]+ </ { on = label == "<->:" || $2 == label; next }
		/^[0-9a-f]+:/ {
			at = substr($1, length($1) - 8, 8)
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

# What is different: where user mode enters and leaves, in each of which there is something
# to look at; a row of pti_scope[] that becomes empty, by the place of its end and the bytes
# there, and what is said then; faults, as planted() has them, separated by tabs.
case $machine in
x86_64 | distro)
	entries="entry_SYSCALL_64 entry_SYSENTER_compat entry_SYSCALL_compat irq_entries_start
		asm_exc_page_fault asm_exc_int3 asm_exc_debug asm_exc_double_fault asm_exc_nmi
		error_entry paranoid_entry paranoid_exit common_interrupt_return"
	row_end=$((48 + 24)) row_bytes='\000\000\000\000\000\000\000\000'
	row_says='entry_SYSCALL_64+0x[37] accesses cpu_tss_rw+0x'
	cat <<'EOF'
another per-CPU variable is found	entry_SYSCALL_64+0x[37] accesses .* on user mode's page table; do that	entry_SYSCALL_64	mov +%rsp,%gs:	LAST4	\000\000\000\001
a call of other code is found	asm_exc_page_fault+0x.* goes to .* on user mode's	asm_exc_page_fault	call .*<error_entry>	LAST4	\000\000\000\001
a system call that keeps the table of user mode is found	entry_SYSCALL_64+0x.* accesses .* on user mode's	entry_SYSCALL_64	mov +%rsp,%cr3	START	\220\220\220
an exception that keeps it is found	error_entry+0x.* goes to sync_regs on user mode's	error_entry	mov +%rax,%cr3	START	\220\220\220
an NMI that keeps it is found	asm_exc_nmi+0x.* accesses .* on user mode's	asm_exc_nmi	mov +%rdx,%cr3	START	\220\220\220
a use of another stack is found	entry_SYSCALL_64.* uses a stack that is not in the CPU entry area on	entry_SYSCALL_64	swapgs	START	\120\220\220
a stack that is subtracted from itself is found	error_entry+0x.* uses a stack that is not in the CPU entry area on	error_entry	xor +%esi,%esi	START	\110\051\344\120\220\220
a stack at an offset from a register is found	error_entry+0x.* uses a stack that is not in the CPU entry area on	error_entry	xor +%esi,%esi	START	\110\001\304\120\220\220
a stack pointer with no bits left is found	error_entry+0x.* uses a stack that is not in the CPU entry area on	error_entry	xor +%esi,%esi	START	\110\203\344\000\120\220
a stack that is moved far is found	error_entry+0x.* uses a stack that is not in the CPU entry area on	error_entry	xor +%esi,%esi	START	\110\201\304\000\000\000\160\120\220
the difference of two pointers is no pointer	error_entry+0x.* accesses what a register points to on	error_entry	xor +%esi,%esi	START	\110\211\347\110\051\347\377\067\220
memory far from the stack is found	error_entry+0x.* accesses what a register points to on	error_entry	xor +%esi,%esi	START	\110\211\204\044\000\000\000\160\220
a pointer to far from the stack is found	error_entry+0x.* accesses what a register points to on	error_entry	xor +%esi,%esi	START	\110\215\274\044\000\000\000\160\377\067\220\220
LEAVE is found	error_entry+0x.* accesses what a register points to on	error_entry	xor +%esi,%esi	START	\311\220
a use of a register after the way back has begun is found	entry_SYSCALL_64+0x.* accesses what a register points to on	entry_SYSRETQ_unsafe_stack	swapgs	START	\212\000\220
a jump through a register is found	entry_SYSCALL_64+0x.* goes where a register or memory says on	entry_SYSRETQ_unsafe_stack	swapgs	START	\377\340\220
code that is patched in is looked at	entry_SYS.*+0x.* accesses .* on user mode's	-	verw .*(%rip)	LAST4	\000\000\000\001
a reason that is not needed is found	nothing at error_entry returns on user mode's page table; remove its row	error_entry	ret *$	START	\314
EOF
	;;
i386-pae)
	entries="entry_SYSENTER_32 entry_INT80_32 irq_entries_start spurious_entries_start
		asm_common_interrupt asm_sysvec_apic_timer_interrupt asm_exc_page_fault
		asm_exc_int3 asm_exc_debug asm_exc_nmi handle_exception"
	row_end=$((5 * 24 + 12)) row_bytes='\000\000\000\000'
	row_says='pti_scope\[\] has no entry text; compare struct pg_table_scope'
	cat <<'EOF'
another address is found	entry_SYSENTER_32+0xe accesses .* on user mode's page table; do that	entry_SYSENTER_32	and +.0xffffefff,%eax	START	\241\000\000\000\001
a per-CPU variable is found	handle_exception+0x.* accesses .* on user mode's	handle_exception	orl +.0x20000000,	START	\144\241\000\000\000\001\220\220
the segment of user mode is found	handle_exception+0x.* accesses what a register points to on	handle_exception	orl +.0x20000000,	START	\145\241\000\000\000\001\220\220
a call of other code is found	asm_exc_page_fault+0x.* goes to .* on user mode's	asm_exc_page_fault	jmp .*<handle_exception>	LAST4	\000\000\000\001
SYSENTER that keeps the table of user mode is found	entry_SYSENTER_32+0x.* uses a stack that is not in the CPU entry area on	entry_SYSENTER_32	mov +%eax,%cr3	START	\220\220\220
a system call that keeps it is found	entry_INT80_32+0x.* accesses cpu_entry_area on user mode's	entry_INT80_32	mov +%eax,%cr3	START	\220\220\220
an exception that keeps it is found	handle_exception+0x.* accesses cpu_entry_area on user mode's	handle_exception	mov +%eax,%cr3	START	\220\220\220
an interrupt that keeps it is found	asm_common_interrupt+0x.* accesses cpu_entry_area on user mode's	asm_common_interrupt	mov +%eax,%cr3	START	\220\220\220
an NMI that keeps it is found	asm_exc_nmi+0x.* accesses cpu_entry_area on user mode's	asm_exc_nmi	mov +%edi,%cr3	START	\220\220\220
a use of another stack is found	asm_exc_page_fault+0x.* uses a stack that is not in the CPU entry area on	asm_exc_page_fault	cld	START	\134
the stack of the task on the way back of SYSENTER is found	entry_SYSENTER_32+0x.* uses a stack that is not in the CPU entry area on	entry_SYSENTER_32	mov +%eax,%esp	START	\220\220
the stack of the task on the way back to user mode is found	entry_INT80_32+0x.* uses a stack that is not in the CPU entry area on	restore_all_switch_stack	mov +%ebx,%esp	START	\211\364
the stack of the task on the way back to the entry code is found	handle_exception+0x.* uses a stack that is not in the CPU entry area on	handle_exception_return	mov +%ebx,%esp	START	\211\364
the stack of the task on the way back of an NMI is found	asm_exc_nmi+0x.* uses a stack that is not in the CPU entry area on	asm_exc_nmi	mov +%ebx,%esp	START	\211\364
a stack that is not from the TSS is found	entry_INT80_32+0x.* uses a stack that is not in the CPU entry area on	restore_all_switch_stack	mov +%fs:.*,%edi	LAST4	\000\000\000\001
another stack after the way back has begun is found	entry_INT80_32+0x.* uses a stack that is not in the CPU entry area on	restore_all_switch_stack	add +.0x8,%esp	START	\211\314\220
another stack segment is found	entry_INT80_32+0x.* uses a stack that is not in the CPU entry area on	restore_all_switch_stack	add +.0x8,%esp	START	\216\320\220
an NMI that forgets which table there was is found	asm_exc_nmi+0x.* uses a stack that is not in the CPU entry area on	asm_exc_nmi	xor +%edx,%edx	START	\061\377
a stack that is subtracted from itself is found	handle_exception+0x.* uses a stack that is not in the CPU entry area on	handle_exception	mov +.0x7b,%edx	START	\051\344\120\220\220
a stack at an offset from a register is found	handle_exception+0x.* uses a stack that is not in the CPU entry area on	handle_exception	mov +.0x7b,%edx	START	\001\304\120\220\220
a stack pointer with no bits left is found	handle_exception+0x.* uses a stack that is not in the CPU entry area on	handle_exception	mov +.0x7b,%edx	START	\203\344\000\120\220
a stack that is moved far is found	handle_exception+0x.* uses a stack that is not in the CPU entry area on	handle_exception	mov +.0x7b,%edx	START	\201\304\000\000\000\160\120
the difference of two pointers is no pointer	handle_exception+0x.* accesses what a register points to on	handle_exception	mov +.0x7b,%edx	START	\211\347\051\347\377\067\220
memory far from the stack is found	handle_exception+0x.* accesses what a register points to on	handle_exception	mov +.0x7b,%edx	START	\211\204\044\000\000\000\160
a pointer to far from the stack is found	handle_exception+0x.* accesses what a register points to on	handle_exception	mov +.0x7b,%edx	START	\215\274\044\000\000\000\160\377\067
LEAVE is found	handle_exception+0x.* accesses what a register points to on	handle_exception	mov +.0x7b,%edx	START	\311\220\220\220\220
a use of a register after the way back has begun is found	entry_SYSENTER_32+0x.* accesses what a register points to on	entry_SYSENTER_32	btrl	START	\212\000\220\220\220
a jump through a register is found	entry_SYSENTER_32+0x.* goes where a register or memory says on	entry_SYSENTER_32	btrl	START	\377\340\220\220\220
code that is patched in is looked at	entry_.*+0x.* accesses .* on user mode's	-	verw +%cs:	LAST4	\000\000\000\001
a reason that is not needed is found	nothing at handle_exception_return accesses what a register points to on user mode's page table; remove its row	handle_exception_return	mov +0x14.%esp.,%eax	START	\211\340\220\220
EOF
	;;
esac >"$work/faults"
# There, functions end in a jump to a thunk.
[ "$machine" != distro ] || sed -i '/	ret \*\$	/d' "$work/faults"

if "$tool" -l "$vmlinux" >"$work/list" 2>&1; then
	pass "the kernel refers to nothing outside: $(grep ' instructions run ' "$work/list")"
else
	fail "the kernel refers to nothing outside" "$(tail -n 1 "$work/list")"
fi

for f in $entries; do
	n=$(grep -c "^$f\(+.*\)\?\$" "$work/list" || :)
	if [ "$n" -gt 4 ]; then
		pass "$f was looked at"
	else
		fail "$f was looked at" "$n instructions"
	fi
done

tab=$(printf '\t')
while IFS=$tab read -r what error label instruction where bytes; do
	planted "$what" "$error" "$label" "$instruction" "$where" "$bytes"
done <"$work/faults"

cp "$vmlinux" "$work/vmlinux"
put "$(printf %x $((0x$(address pti_scope) + row_end)))" "$row_bytes"
says "a row that is missing in the scope is found" "$row_says" "$tool" "$work/vmlinux"

strip -o "$work/vmlinux" "$vmlinux"
says "a vmlinux without symbols is told" "vmlinux has no symbols; do not strip it" \
	"$tool" "$work/vmlinux"
says "what is no vmlinux is told" "is not an ELF file for x86; name a vmlinux" \
	"$tool" "$top/README.md"
rm -f "$work/vmlinux"
finish
