/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PG_TABLE_H
#define _ASM_X86_PG_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct arch_pg_table - what the TLB knows of a page table
 * @ctx_id: Identifies the table for ever: never zero and never used again.
 * @tlb_gen: The generation of the translations. Whoever changes entries in a
 *	way that needs a flush first writes the entries, then increments this,
 *	then flushes; a CPU that has not seen the latest generation flushes
 *	before it uses the table. Not used on Xen PV.
 */
struct arch_pg_table {
	u64 ctx_id;
	atomic64_t tlb_gen;
};

#endif /* _ASM_X86_PG_TABLE_H */
