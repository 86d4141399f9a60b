/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PTI_SCOPE_H
#define PTI_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/* vmlinux: pti_scope_elf.c */

struct symbol {
	u64 start, end;		/* the same if it has no size: a label */
	const char *name;
};

/* A range that user mode's page table maps: a row of the kernel's pti_scope[]. */
struct scope {
	u64 start, end;
	bool percpu;
};

/* What the kernel may put in the place of instructions. */
struct alternative {
	u64 at, len;		/* what is replaced */
	u64 code, code_len;	/* by what */
	int feature;
	bool unless;		/* if the CPU does not have the feature */
};

struct jump {
	u64 from, to;
};

struct vmlinux {
	int bits;				/* of a word */
	u64 entry_start, entry_end;
	u64 entry_stack;			/* where the TSS has its address */
	bool percpu;				/* that counts from the segment */
	struct symbol *symbols;
	struct scope *scope;
	struct alternative *alternatives;	/* of entry text */
	struct jump *labels;			/* static branches of entry text */
	struct jump *fixups;			/* where faults in entry text go on */
	struct jump *gates;			/* where the IDT goes to entry text */
	int nr_symbols, nr_scope, nr_alternatives, nr_labels, nr_fixups, nr_gates;
};

extern struct vmlinux vmlinux;

void __printf(2, 3) complain(const char *next, const char *cause, ...);

/* What ends the program. */
#define die(...) do { complain(__VA_ARGS__); exit(2); } while (0)

void *grow(void *array, int nr, size_t size);
void read_vmlinux(const char *path);
const u8 *bytes_at(u64 address, u64 *left);
const struct symbol *symbol_named(const char *name);
const struct symbol *function_at(u64 address);
/* Long enough for a symbol and an offset. */
#define NAME_MAX	256

const char *name_of(u64 address, char *text);
bool is_at(u64 address, const char *name);
bool in_entry_text(u64 address);
bool in_scope(u64 address, bool percpu);

/* One instruction: pti_scope_insn.c */

enum flow { NEXT, JUMP, BRANCH, CALL, JUMP_ANY, CALL_ANY, RETURN, LEAVE };

enum memory { NO_MEMORY, AT_ADDRESS, AT_STACK, AT_REGISTER };

enum effect {
	NO_EFFECT,		/* but for the registers that it writes */
	READ_CR3, WRITE_CR3,	/* to and from reg */
	CLEAR_USER, SET_USER,	/* the bit of CR3 that says user, in reg */
	SET_BIT,		/* another bit of reg */
	TEST_USER, BIT_TEST_USER, /* into the zero flag, or into the carry flag */
	TEST_CPL,		/* where the CPU came from */
	TEST_FROM_KERNEL,	/* the same, with 32 bits, as found before */
	STORE_GDT,		/* to the stack */
};

#define NO_REG	(-1)
#define SP	4
#define BIT(reg)	(1U << (reg))

/* PTI_USER_PGTABLE_BIT of the entry code: the second page of a root is user mode's. */
#define USER_BIT	12

/* CS_FROM_KERNEL of the entry code with 32 bits, in the saved CS. */
#define CS_FROM_KERNEL	0x20000000

struct operation {
	u64 next, target;
	enum flow flow;
	bool padding;		/* INT3, or does nothing */
	enum memory memory;
	bool percpu;		/* the address counts from the segment of the CPU */
	u64 address;
	int size;		/* of what is accessed, at least */
	int base;		/* the register that the memory is at */
	bool uses_stack;	/* push, pop and the like */
	u32 writes;		/* bits of registers; of SP: to something else than an offset */
	bool moves;		/* by an offset only, */
	int minus;		/* which may be what this register has */
	bool loads_ss;		/* and SP, from the stack */
	int from, to;		/* one register is written with what another one has, */
	bool loads;		/* or from the memory */
	enum effect effect;
	int reg;
	bool on_carry;		/* a branch on the carry flag, or on the zero flag, */
	bool on_zero;
	bool if_set;		/* taken if that is set */
};

void decode(u64 address, struct operation *op);

/* All paths: pti_scope_flow.c */

void follow_all(void);

/* Instructions that run on user mode's table, and writes of CR3. */
extern int nr_on_user_table, nr_switches;

/* Print each of them. */
extern bool list;

/* What is known, and what is said: pti_scope.c */

enum reference { MEMORY, REGISTER, STACK, POINTER, SEGMENT, GOES, GOES_ANYWHERE, RETURNS };

enum patched { ALWAYS, NEVER, MAYBE };

enum patched is_patched(const struct alternative *alt);
bool kernel_only(const char *name);
bool from_msr(u64 address, bool stack_of_user);
bool excused(u64 at, enum reference kind, const char *target, bool from_kernel);
void violation(u64 at, enum reference kind, const char *target);

#endif
