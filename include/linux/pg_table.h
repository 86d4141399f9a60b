/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_H
#define _LINUX_PG_TABLE_H

#include <linux/mm_types_task.h>
#include <linux/spinlock.h>

#include <asm/mmu.h>

/**
 * struct pg_table - a page table
 * @pgd: The root. Set when the table is created; only s390, which adds levels
 *	to a live table, changes it later, under @lock.
 * @pgtables_bytes: Size of all table pages below the root, in bytes.
 * @lock: Protects the entries of the upper levels, and those of the lowest two
 *	where table pages have no lock of their own; see pmd_lockptr() and
 *	pte_lockptr().
 * @pmd_huge_pte: Table pages deposited for transparent huge pages, where PMD
 *	pages have no list of their own. Protected by @lock.
 *
 * The page table of a process is the member &mm_struct.pgt.
 */
struct pg_table {
	pgd_t *pgd;
#ifdef CONFIG_MMU
	atomic_long_t pgtables_bytes;
#endif
	spinlock_t lock;
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && !defined(CONFIG_SPLIT_PMD_PTLOCKS)
	pgtable_t pmd_huge_pte;
#endif
};

#endif /* _LINUX_PG_TABLE_H */
