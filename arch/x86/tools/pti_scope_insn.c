// SPDX-License-Identifier: GPL-2.0
/* What one instruction does, as far as pti_scope asks. What it does not know writes registers. */
#include <stdio.h>
#include <string.h>
#include "pti_scope.h"
#include <asm/insn.h>
#include <inat.c>
#include <insn.c>

#define TWO_BYTE	0x0f00

static int code_of(const struct insn *insn)
{
	const u8 *b = insn->opcode.bytes;

	if (insn->opcode.nbytes == 1)
		return b[0];
	/* With three bytes there is only arithmetic; its operands are all that counts. */
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

/* A memory operand in ModRM that is not accessed: LEA, NOP, prefetches and their like. */
static bool names_only(int code)
{
	return code == 0x8d || code == (TWO_BYTE | 0x0d) ||
		(code >= (TWO_BYTE | 0x18) && code <= (TWO_BYTE | 0x1f));
}

/* ModRM has an opcode in the place of its register. */
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

/* Reads the register in ModRM, and the other if that is one, and writes neither. */
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

/* Reads and writes memory that RSI, RDI or RBX points to. */
static bool by_string(int code)
{
	return (code >= 0x6c && code <= 0x6f) || (code >= 0xa4 && code <= 0xa7) ||
		(code >= 0xaa && code <= 0xaf) || code == 0xd7;
}

static void decode_memory(const struct insn *insn, int code, struct operation *op)
{
	int modrm = insn->modrm.bytes[0], mod = X86_MODRM_MOD(modrm), rm = X86_MODRM_RM(modrm);
	int sib = insn->sib.bytes[0], index = X86_SIB_INDEX(sib);

	op->percpu = has_prefix(insn, 0x65);
	if (by_string(code)) {
		op->memory = AT_REGISTER;
	} else if (code >= 0xa0 && code <= 0xa3) {
		op->memory = AT_ADDRESS;
		op->address = (u32)insn->moffset1.value | (u64)(u32)insn->moffset2.value << 32;
	} else if (!insn->modrm.nbytes || mod == 3 || names_only(code)) {
		op->memory = NO_MEMORY;
	} else if (mod == 0 && rm == 5) {
		op->memory = AT_ADDRESS;
		op->address = op->next + (s64)insn->displacement.value;
	} else if (rm == 4) {
		if (X86_REX_X(insn->rex_prefix.bytes[0]))
			index |= 8;
		if (index != SP)
			op->memory = AT_REGISTER;
		else if (mod == 0 && X86_SIB_BASE(sib) == 5)
			op->memory = AT_ADDRESS;
		else if (X86_SIB_BASE(sib) == SP && !X86_REX_B(insn->rex_prefix.bytes[0]))
			op->memory = AT_STACK;
		else
			op->memory = AT_REGISTER;
		op->address = (s64)insn->displacement.value;
	} else {
		op->memory = AT_REGISTER;
	}
	/* Where FS points is user mode's. */
	if (op->memory && (has_prefix(insn, 0x64) || (op->percpu && op->memory == AT_STACK)))
		op->memory = AT_REGISTER;
}

static void decode_flow(const struct insn *insn, int code, int sub, struct operation *op)
{
	op->target = op->next + (s64)insn->immediate.value;
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
	case 0xff:
		if (sub == 2 || sub == 3)
			op->flow = CALL_ANY;
		else if (sub == 4 || sub == 5)
			op->flow = JUMP_ANY;
		break;
	}
}

static void decode_stack(int code, int mod, int sub, int rm, int reg, struct operation *op)
{
	switch (code) {
	case 0x50 ... 0x5f:
	case 0x68:
	case 0x6a:
	case 0x8f:
	case 0x9c ... 0x9d:
	case 0xc2 ... 0xc3:
	case 0xc8 ... 0xcb:
	case 0xcf:
	case 0xe8:
	case TWO_BYTE | 0xa0 ... TWO_BYTE | 0xa1:
	case TWO_BYTE | 0xa8 ... TWO_BYTE | 0xa9:
		op->uses_stack = true;
		break;
	case 0xff:
		op->uses_stack = sub == 2 || sub == 3 || sub == 6;
		break;
	}

	op->loads_sp = code == 0x8b && reg == SP && op->memory;
	switch (code) {
	case 0x5c:		/* POP */
	case 0xbc:		/* MOV of a constant */
	case 0x94:		/* XCHG with RAX */
		op->writes_sp = rm == SP;
		return;
	case 0xc8 ... 0xc9:	/* ENTER, LEAVE */
		op->writes_sp = true;
		return;
	case 0x81:
	case 0x83:		/* ADD, AND, SUB, CMP of a constant keep it where it was */
		op->writes_sp = mod == 3 && rm == SP &&
			!(sub == 0 || sub == 4 || sub == 5 || sub == 7);
		return;
	case 0x8d:		/* LEA */
		op->writes_sp = reg == SP && !(mod != 3 && op->memory == AT_STACK);
		return;
	case 0x89:		/* MOV from a register */
		op->writes_sp = mod == 3 && rm == SP;
		return;
	}
	if (mod < 0 || reads_only(code, sub))
		return;
	op->writes_sp = (mod == 3 && rm == SP) || (!is_group(code) && reg == SP);
}

static void decode_effect(const struct insn *insn, int code, int mod, int sub, int rm,
			  struct operation *op)
{
	s64 value = (s64)insn->immediate.value;

	op->effect = OTHER_EFFECT;
	op->reg = rm;
	switch (code) {
	case TWO_BYTE | 0x20:
		if (sub == 3)
			op->effect = READ_CR3;
		break;
	case TWO_BYTE | 0x22:
		op->effect = sub == 3 ? WRITE_CR3 : NO_EFFECT;
		break;
	case 0x25:		/* AND with RAX */
		op->reg = 0;
		if (X86_REX_W(insn->rex_prefix.bytes[0]) && !(value >> USER_BIT & 1))
			op->effect = CLEAR_USER;
		break;
	case 0x81:
		if (mod == 3 && sub == 4 && X86_REX_W(insn->rex_prefix.bytes[0]) &&
		    !(value >> USER_BIT & 1))
			op->effect = CLEAR_USER;
		break;
	case TWO_BYTE | 0xba:
		if (mod == 3 && sub == 4 && value == USER_BIT)
			op->effect = TEST_USER;
		else if (mod == 3 && sub == 5 && value != USER_BIT)
			op->effect = SET_BIT;
		op->by_carry = true;
		break;
	case 0xf6:
		if (sub == 0 && op->memory == AT_STACK && value == 3)
			op->effect = TEST_CPL;
		break;
	case 0xf7:
		if (sub == 0 && mod == 3 && value == 1 << USER_BIT)
			op->effect = TEST_USER;
		break;
	case 0x89:
		if (mod == 3)
			op->effect = COPY;
		break;
	case 0x50 ... 0x57:
	case 0x90:
	case TWO_BYTE | 0x1f:
		op->effect = NO_EFFECT;
		break;
	}
	if (op->effect == OTHER_EFFECT && (op->flow == JUMP || op->flow == BRANCH))
		op->effect = NO_EFFECT;
}

void decode(u64 address, struct operation *op)
{
	int code, mod = -1, sub = -1, rm, reg = NO_REG, rex;
	char text[NAME_MAX];
	struct insn insn;
	const u8 *bytes;
	u64 left;

	bytes = bytes_at(address, &left);
	if (!bytes || insn_decode(&insn, bytes, left < MAX_INSN_SIZE ? left : MAX_INSN_SIZE,
				  INSN_MODE_64))
		die("look at it with objdump -d", "%s is no instruction", name_of(address, text));

	memset(op, 0, sizeof(*op));
	op->next = address + insn.length;
	code = code_of(&insn);
	if (insn.vex_prefix.nbytes)
		code = -1;
	rex = insn.rex_prefix.bytes[0];
	/* Without ModRM, the register is in the opcode. */
	rm = (insn.opcode.bytes[insn.opcode.nbytes - 1] & 7) | (X86_REX_B(rex) ? 8 : 0);
	if (insn.modrm.nbytes) {
		mod = X86_MODRM_MOD(insn.modrm.bytes[0]);
		sub = X86_MODRM_REG(insn.modrm.bytes[0]);
		rm = X86_MODRM_RM(insn.modrm.bytes[0]) | (X86_REX_B(rex) ? 8 : 0);
		reg = sub | (X86_REX_R(rex) ? 8 : 0);
	}
	decode_memory(&insn, code, op);
	decode_flow(&insn, code, sub, op);
	decode_stack(code, mod, sub, rm, reg, op);
	decode_effect(&insn, code, mod, sub, rm, op);
}

/* INT3 and NOPs between functions. */
bool is_padding(u64 address, u64 *next)
{
	const u8 *bytes = bytes_at(address, NULL);
	struct insn insn;

	if (!bytes || insn_decode(&insn, bytes, MAX_INSN_SIZE, INSN_MODE_64))
		return false;
	*next = address + insn.length;
	return code_of(&insn) == 0xcc || code_of(&insn) == 0x90 ||
		code_of(&insn) == (TWO_BYTE | 0x1f);
}
