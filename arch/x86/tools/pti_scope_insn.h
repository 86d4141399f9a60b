/* SPDX-License-Identifier: GPL-2.0 */
/* Decoding one instruction. */
#ifndef PTI_SCOPE_INSN_H
#define PTI_SCOPE_INSN_H

#include <stdbool.h>
#include <linux/types.h>

enum flow { NEXT, JUMP, BRANCH, CALL, JUMP_ANY, CALL_ANY, RETURN, LEAVE };

enum memory { NO_MEMORY, AT_ADDRESS, AT_STACK, AT_REGISTER };

enum effect {
	NO_EFFECT,		/* except for the registers that it writes */
	READ_CR3, WRITE_CR3,	/* into and from reg */
	CLEAR_USER, SET_USER,	/* clear or set USER_BIT in reg */
	SET_BIT,		/* set another bit in reg */
	TEST_USER, BIT_TEST_USER, /* test USER_BIT, into the zero or the carry flag */
	TEST_CPL,		/* test the mode that was interrupted */
	TEST_FROM_KERNEL,	/* the same on 32 bit, by CS_FROM_KERNEL */
	STORE_GDT,		/* SGDT to the stack */
};

#define NO_REG	(-1)
#define SP	4
#define BIT(reg)	(1U << (reg))

/* PTI_USER_PGTABLE_BIT of the entry code: the second page of a root is the user root. */
#define USER_BIT	12

/* CS_FROM_KERNEL of the 32-bit entry code, in the saved CS. */
#define CS_FROM_KERNEL	0x20000000

struct operation {
	u64 next, target;
	enum flow flow;
	bool padding;		/* INT3 or a NOP */
	enum memory memory;
	bool percpu;		/* the address is relative to the per-CPU segment */
	u64 address;
	int size;		/* of the access, at least */
	int base;		/* the register that points to the memory */
	bool uses_stack;	/* push, pop and the like */
	u32 writes;		/* mask of registers; SP only if it does not just move */
	bool moves;		/* the register moves by an offset, */
	int minus;		/* which may be the value of this register */
	bool loads_ss;		/* loads SS and SP from the stack */
	int from, to;		/* the value of a register is copied to another one, */
	bool loads;		/* or loaded from memory */
	enum effect effect;
	int reg;
	bool on_carry;		/* a branch on the carry flag, or on the zero flag, */
	bool on_zero;
	bool if_set;		/* that is taken if the flag is set */
};

void decode(u64 address, struct operation *op);

#endif
