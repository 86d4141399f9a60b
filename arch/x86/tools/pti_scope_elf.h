/* SPDX-License-Identifier: GPL-2.0 */
/* Reading vmlinux. */
#ifndef PTI_SCOPE_ELF_H
#define PTI_SCOPE_ELF_H

#include <stdbool.h>
#include <linux/types.h>

struct symbol {
	u64 start, end;		/* equal for a label, which has no size */
	const char *name;
};

/* A range that user mode's page table maps, from a row of the kernel's pti_scope[]. */
struct scope {
	u64 start, end;
	bool percpu;
};

/* Instructions that the kernel may patch in. */
struct alternative {
	u64 at, len;		/* the original */
	u64 code, code_len;	/* the replacement */
	int feature;
	bool unless;		/* patched in if the CPU lacks the feature */
};

struct jump {
	u64 from, to;
};

struct vmlinux {
	int bits;				/* word size */
	u64 entry_start, entry_end;
	u64 entry_stack;			/* address of its pointer in the TSS */
	bool percpu;				/* ... which is relative to the segment */
	struct symbol *symbols;
	struct scope *scope;
	struct alternative *alternatives;	/* in entry text */
	struct jump *labels;			/* static branches in entry text */
	struct jump *fixups;			/* exception table entries to entry text */
	struct jump *gates;			/* IDT gates to entry text */
	int nr_symbols, nr_scope, nr_alternatives, nr_labels, nr_fixups, nr_gates;
};

extern struct vmlinux vmlinux;

void read_vmlinux(const char *path);
const u8 *bytes_at(u64 address, u64 *left);
const struct symbol *symbol_named(const char *name);
const struct symbol *function_at(u64 address);
/* Enough for a symbol and an offset. */
#define NAME_MAX	256

const char *name_of(u64 address, char *text);
bool is_at(u64 address, const char *name);
bool in_entry_text(u64 address);
bool in_scope(u64 address, bool percpu);

#endif
