/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PG_TABLE_H
#define _ASM_X86_PG_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct arch_pg_table - the identity of a page table in the TLB
 * @ctx_id: Identifies the table. Never zero, and never reused.
 * @tlb_gen: The generation of the translations. Code that changes entries in a way
 *	that needs a flush first writes the entries, then increments the generation,
 *	then flushes. A CPU that has not seen the latest generation flushes before it
 *	uses the table. Not used on Xen PV.
 */
struct arch_pg_table {
	u64 ctx_id;
	atomic64_t tlb_gen;
};

#endif /* _ASM_X86_PG_TABLE_H */
