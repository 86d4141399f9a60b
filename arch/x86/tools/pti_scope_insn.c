// SPDX-License-Identifier: GPL-2.0
/* Decode what pti_scope needs of an instruction. Unknown ones are taken to write all registers. */
#include <stdio.h>
#include <string.h>
#include "pti_scope.h"
#include "pti_scope_insn.h"
#include <asm/insn.h>
#include <inat.c>
#include <insn.c>

#define TWO_BYTE	0x0f00

/*
 * The largest offset that keeps a pointer within the CPU entry area: a page, the size of the entry
 * stack. Frames are smaller, and the TSS is next to the stack.
 */
#define MAX_OFFSET	4096

static bool is_near(s64 offset)
{
	return offset >= -MAX_OFFSET && offset <= MAX_OFFSET;
}

static int code_of(const struct insn *insn)
{
	const u8 *b = insn->opcode.bytes;

	if (insn->opcode.nbytes == 1)
		return b[0];
	/* Three-byte opcodes are arithmetic, of which only the operands matter. */
	return b[0] == 0x0f && insn->opcode.nbytes == 2 ? TWO_BYTE | b[1] : -1;
}

static bool has_prefix(const struct insn *insn, u8 prefix)
{
	int i;

	for (i = 0; i < 4; i++)
		if (insn->prefixes.bytes[i] == prefix)
			return true;
	return false;
}

/* Instructions that do not access their memory operand: LEA, NOP, prefetches and the like. */
static bool names_only(int code)
{
	return code == 0x8d || code == (TWO_BYTE | 0x0d) ||
		(code >= (TWO_BYTE | 0x18) && code <= (TWO_BYTE | 0x1f));
}

/* The register field of ModRM extends the opcode. */
static bool is_group(int code)
{
	switch (code) {
	case 0x80 ... 0x83:
	case 0x8c:		/* a segment register */
	case 0x8e:
	case 0x8f:
	case 0xc0 ... 0xc1:
	case 0xc6 ... 0xc7:
	case 0xd0 ... 0xd3:
	case 0xf6 ... 0xf7:
	case 0xfe ... 0xff:
	case TWO_BYTE | 0x00:
	case TWO_BYTE | 0x01:
	case TWO_BYTE | 0x18:
	case TWO_BYTE | 0x20 ... TWO_BYTE | 0x23:	/* a control register */
	case TWO_BYTE | 0xae:
	case TWO_BYTE | 0xba:
	case TWO_BYTE | 0xc7:
		return true;
	}
	return false;
}

/* Instructions that only read their operands. */
static bool reads_only(int code, int sub)
{
	switch (code) {
	case 0x38 ... 0x3b:	/* CMP */
	case 0x84 ... 0x85:	/* TEST */
	case 0x8e:
	case TWO_BYTE | 0x22 ... TWO_BYTE | 0x23:
	case TWO_BYTE | 0xa3:	/* BT */
		return true;
	case 0x80 ... 0x83:	/* CMP */
		return sub == 7;
	case 0xf6 ... 0xf7:	/* TEST */
		return sub <= 1;
	case 0xff:		/* CALL, JMP, PUSH */
		return sub >= 2;
	case TWO_BYTE | 0xba:	/* BT */
		return sub == 4;
	}
	return false;
}

/* Byte operations. Without REX, registers 4 to 7 are the second bytes of 0 to 3. */
static bool is_byte(int code)
{
	return ((code < 0x40 || (code >= 0x80 && code <= 0x8b) || code == 0xc0 || code == 0xc6 ||
		 code == 0xd0 || code == 0xd2 || code == 0xf6 || code == 0xfe) && !(code & 1)) ||
		(code >= 0xb0 && code <= 0xb7);
}

/* A lower bound for the size of the memory operand. */
static int size_of(const struct insn *insn, int code)
{
	switch (code) {
	case 0x00 ... 0x3f:
	case 0x80 ... 0x8b:
	case 0xc7:
	case 0xf7:
	case 0xff:
		return is_byte(code) ? 1 : insn->opnd_bytes;
	}
	return 1;
}

/* Instructions that access memory through RSI, RDI or RBX. */
static bool by_string(int code)
{
	return (code >= 0x6c && code <= 0x6f) || (code >= 0xa4 && code <= 0xa7) ||
		(code >= 0xaa && code <= 0xaf) || code == 0xd7;
}

/* Truncate an address on 32 bit. */
static u64 wrap(u64 address)
{
	return vmlinux.bits == 64 ? address : (u32)address;
}

static void decode_memory(const struct insn *insn, int code, struct operation *op)
{
	int modrm = insn->modrm.bytes[0], mod = X86_MODRM_MOD(modrm), rm = X86_MODRM_RM(modrm);
	int sib = insn->sib.bytes[0], index = X86_SIB_INDEX(sib), rex = insn->rex_prefix.bytes[0];
	bool wide = vmlinux.bits == 64;

	op->percpu = has_prefix(insn, wide ? 0x65 : 0x64);
	op->base = NO_REG;
	op->address = (s64)insn->displacement.value;
	if (by_string(code)) {
		op->memory = AT_REGISTER;
	} else if (code == 0xc9) {	/* LEAVE */
		op->memory = AT_REGISTER;
		op->base = 5;
	} else if (code >= 0xa0 && code <= 0xa3) {
		op->memory = AT_ADDRESS;
		op->address = (u32)insn->moffset1.value | (u64)(u32)insn->moffset2.value << 32;
	} else if (!insn->modrm.nbytes || mod == 3) {
		op->memory = NO_MEMORY;
	} else if (insn->addr_bytes == 2) {
		op->memory = AT_REGISTER;
	} else if (mod == 0 && rm == 5) {
		op->memory = AT_ADDRESS;
		op->address = wrap(op->address + (wide ? op->next : 0));
	} else if (rm == 4) {
		if (X86_REX_X(rex))
			index |= 8;
		if (index == SP && mod == 0 && X86_SIB_BASE(sib) == 5) {
			op->memory = AT_ADDRESS;
			op->address = wrap(op->address);
		} else {
			op->memory = AT_REGISTER;
			if (index == SP)
				op->base = X86_SIB_BASE(sib) | (X86_REX_B(rex) ? 8 : 0);
		}
	} else {
		op->memory = AT_REGISTER;
		op->base = rm | (X86_REX_B(rex) ? 8 : 0);
	}
	if (op->base == SP)
		op->memory = AT_STACK;
	/* The other segment is that of user mode, and a large offset may point anywhere. */
	if (op->memory && (has_prefix(insn, wide ? 0x64 : 0x65) ||
			   (op->memory != AT_ADDRESS && (op->percpu || !is_near(op->address))))) {
		op->memory = AT_REGISTER;
		op->base = NO_REG;
	}
	if (names_only(code))
		op->memory = NO_MEMORY;
}

static void decode_flow(const struct insn *insn, int code, int sub, struct operation *op)
{
	op->target = wrap(op->next + (s64)insn->immediate.value);
	switch (code) {
	case 0x70 ... 0x7f:
	case TWO_BYTE | 0x80 ... TWO_BYTE | 0x8f:
		op->flow = BRANCH;
		op->on_carry = (code & 0xe) == 2;
		op->on_zero = (code & 0xe) == 4;
		op->if_set = !(code & 1);
		break;
	case 0xe0 ... 0xe3:
		op->flow = BRANCH;
		break;
	case 0xe9:
	case 0xeb:
		op->flow = JUMP;
		break;
	case 0xe8:
		op->flow = CALL;
		break;
	case 0xc2 ... 0xc3:
		op->flow = RETURN;
		break;
	case 0xca ... 0xcb:		/* LRET */
	case 0xcf:			/* IRET */
	case 0xcc:			/* INT3 */
	case 0xf4:			/* HLT */
	case TWO_BYTE | 0x07:		/* SYSRET */
	case TWO_BYTE | 0x35:		/* SYSEXIT */
	case TWO_BYTE | 0x0b:		/* UD2 */
	case TWO_BYTE | 0xb9:		/* UD1 */
		op->flow = LEAVE;
		break;
	case 0x9a:			/* to another segment */
		op->flow = CALL_ANY;
		break;
	case 0xea:
		op->flow = JUMP_ANY;
		break;
	case 0xff:
		if (sub == 2 || sub == 3)
			op->flow = CALL_ANY;
		else if (sub == 4 || sub == 5)
			op->flow = JUMP_ANY;
		break;
	}
}

static bool uses_stack(int code, int sub)
{
	switch (code) {
	case 0x06 ... 0x07:		/* segment registers */
	case 0x0e:
	case 0x16 ... 0x17:
	case 0x1e ... 0x1f:
	case 0x50 ... 0x61:
	case 0x68:
	case 0x6a:
	case 0x8f:
	case 0x9a:
	case 0x9c ... 0x9d:
	case 0xc2 ... 0xc3:
	case 0xc8 ... 0xcb:
	case 0xcf:
	case 0xe8:
	case TWO_BYTE | 0xa0 ... TWO_BYTE | 0xa1:
	case TWO_BYTE | 0xa8 ... TWO_BYTE | 0xa9:
		return true;
	case 0xff:
		return sub == 2 || sub == 3 || sub == 6;
	}
	return false;
}

/* The registers that it may write, without SP if that only moves by a push or a pop. */
static u32 written(int code, int mod, int sub, int rm, int reg, const struct operation *op)
{
	u32 operand = mod == 3 ? BIT(rm) : 0;

	if (reads_only(code, sub))
		return 0;
	switch (code) {
	case 0x00 ... 0x37:		/* arithmetic */
		if ((code & 7) < 2)
			return operand;
		return (code & 7) < 4 ? BIT(reg) : 1;
	case 0x3c ... 0x3d:
	case 0xa2 ... 0xa3:
	case 0xa8 ... 0xa9:
	case 0xf8 ... 0xfd:		/* flags */
	case TWO_BYTE | 0x1f:
		return 0;
	case 0x40 ... 0x4f:
	case 0x58 ... 0x5f:
	case 0xb0 ... 0xbf:
		return BIT(rm);
	case 0x61:			/* POPA */
		break;
	case 0x80 ... 0x83:
	case 0x88 ... 0x89:
	case 0x8c:
	case 0x8f:
	case 0xc0 ... 0xc1:
	case 0xc6 ... 0xc7:
	case 0xd0 ... 0xd3:
	case 0xfe ... 0xff:
	case TWO_BYTE | 0x20:
	case TWO_BYTE | 0xba:
		return operand;
	case 0x8a ... 0x8b:
	case 0x8d:
	case TWO_BYTE | 0xb2:		/* LSS and its like, MOVZX */
	case TWO_BYTE | 0xb4 ... TWO_BYTE | 0xb7:
		return BIT(reg);
	case 0x90 ... 0x97:		/* XCHG with RAX; NOP */
		return rm ? BIT(rm) | 1 : 0;
	case 0xa0 ... 0xa1:
		return 1;
	case 0xa4 ... 0xa7:
	case 0xaa ... 0xaf:
		return BIT(0) | BIT(1) | BIT(6) | BIT(7);
	case 0xc8 ... 0xc9:		/* ENTER, LEAVE */
		return BIT(SP) | BIT(5);
	case 0xe0 ... 0xe3:		/* LOOP */
		return BIT(1);
	default:
		if (op->uses_stack || (op->flow >= JUMP && op->flow <= CALL))
			return 0;
	}
	return ~BIT(SP) | operand | (mod >= 0 && !is_group(code) ? BIT(reg) : 0);
}

/* Moves of whole registers, which may hold addresses. */
static void decode_move(int code, int mod, int sub, int rm, int reg, s64 value,
			struct operation *op)
{
	op->to = reg;
	switch (code) {
	case 0x29:			/* SUB, of the size of a frame */
	case 0x2b:
		op->minus = code == 0x29 ? reg : rm;
		op->moves = mod == 3 && op->writes != BIT(SP);
		break;
	case 0x81:			/* ADD or SUB of a constant; AND, to align */
	case 0x83:
		op->moves = is_near(value) && (sub == 0 || sub == 5 || (sub == 4 && value < 0));
		break;
	case 0x89:
		if (mod == 3) {
			op->from = reg;
			op->to = rm;
		}
		break;
	case 0x8b:
		op->loads = mod != 3;
		if (mod == 3)
			op->from = rm;
		break;
	case 0x8d:
		op->from = op->base;
		break;
	case 0xa1:
		op->to = 0;
		op->loads = true;
		break;
	}
}

/* CS is saved after IP. The rest of pt_regs and a return address may come before it. */
static bool is_saved_cs(const struct operation *op)
{
	u64 word = vmlinux.bits / 8, last = vmlinux.bits == 64 ? 18 : 14;

	return op->memory == AT_STACK && !(op->address % word) &&
		op->address >= word && op->address <= last * word;
}

static void decode_effect(int code, int mod, int sub, s64 value, bool whole, struct operation *op)
{
	bool user = value >> USER_BIT & 1;

	switch (code) {
	case TWO_BYTE | 0x01:
		if (sub == 0 && op->memory == AT_STACK && !op->address)
			op->effect = STORE_GDT;
		break;
	case TWO_BYTE | 0x20:
		if (sub == 3)
			op->effect = READ_CR3;
		break;
	case TWO_BYTE | 0x22:
		if (sub == 3)
			op->effect = WRITE_CR3;
		break;
	case 0x81:
		if (mod == 3 && sub == 4 && whole && !user)
			op->effect = CLEAR_USER;
		else if (mod == 3 && sub == 1 && whole && user)
			op->effect = SET_USER;
		break;
	case TWO_BYTE | 0xba:
		if (mod == 3 && sub == 4 && value == USER_BIT)
			op->effect = BIT_TEST_USER;
		else if (mod == 3 && sub == 5 && value != USER_BIT)
			op->effect = SET_BIT;
		break;
	case 0xf6:
		if (sub == 0 && is_saved_cs(op) && value == 3)
			op->effect = TEST_CPL;
		break;
	case 0xf7:
		if (sub == 0 && mod == 3 && value == 1 << USER_BIT)
			op->effect = TEST_USER;
		else if (sub == 0 && is_saved_cs(op) && value == CS_FROM_KERNEL)
			op->effect = TEST_FROM_KERNEL;
		break;
	}
}

void decode(u64 address, struct operation *op)
{
	int code, mod = -1, sub = -1, rm, reg = NO_REG, rex;
	char text[NAME_MAX];
	struct insn insn;
	const u8 *bytes;
	bool whole;
	u64 left;

	bytes = bytes_at(address, &left);
	if (!bytes || insn_decode(&insn, bytes, left < MAX_INSN_SIZE ? left : MAX_INSN_SIZE,
				  vmlinux.bits == 64 ? INSN_MODE_64 : INSN_MODE_32))
		die("look at it with objdump -d", "%s is no instruction", name_of(address, text));

	memset(op, 0, sizeof(*op));
	op->next = address + insn.length;
	code = code_of(&insn);
	if (insn.vex_prefix.nbytes)
		code = -1;
	rex = insn.rex_prefix.bytes[0];
	whole = insn.opnd_bytes * 8 == vmlinux.bits;
	/* Without ModRM, the opcode contains the register. */
	rm = (insn.opcode.bytes[insn.opcode.nbytes - 1] & 7) | (X86_REX_B(rex) ? 8 : 0);
	if (insn.modrm.nbytes) {
		mod = X86_MODRM_MOD(insn.modrm.bytes[0]);
		sub = X86_MODRM_REG(insn.modrm.bytes[0]);
		rm = X86_MODRM_RM(insn.modrm.bytes[0]) | (X86_REX_B(rex) ? 8 : 0);
		reg = sub | (X86_REX_R(rex) ? 8 : 0);
	}
	if (is_byte(code) && !insn.rex_prefix.nbytes) {
		rm &= 3;
		reg &= 3;
	}
	op->size = size_of(&insn, code);
	decode_memory(&insn, code, op);
	decode_flow(&insn, code, sub, op);
	op->uses_stack = uses_stack(code, sub);
	op->writes = written(code, mod, sub, rm, reg, op);
	op->from = NO_REG;
	op->minus = NO_REG;
	if (whole)
		decode_move(code, mod, sub, rm, reg, insn.immediate.value, op);
	op->padding = code == 0xcc || code == 0x90 || code == (TWO_BYTE | 0x1f) ||
		(op->from != NO_REG && op->from == op->to && !op->address);
	/* Loading SS changes the stack. */
	if (vmlinux.bits == 32 && (code == 0x17 || (code == 0x8e && sub == 2)))
		op->writes |= BIT(SP);
	op->loads_ss = code == (TWO_BYTE | 0xb2) && reg == SP && op->memory == AT_STACK;

	op->reg = rm;
	/* AND, OR and TEST have forms for RAX without ModRM. */
	if (code == 0x25 || code == 0x0d || code == 0xa9) {
		op->reg = 0;
		mod = 3;
		sub = code == 0xa9 ? 0 : code >> 3;
		code = code == 0xa9 ? 0xf7 : 0x81;
	}
	decode_effect(code, mod, sub, (s64)insn.immediate.value, whole, op);
}
