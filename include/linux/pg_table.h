/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_H
#define _LINUX_PG_TABLE_H

#include <linux/mm_types_task.h>
#include <linux/spinlock.h>

#include <asm/mmu.h>
#include <asm/pg_table.h>

/**
 * enum pg_table_kind - what a page table is for
 * @PG_TABLE_PROCESS: The table of the mm of a process.
 * @PG_TABLE_KERNEL: The table of init_mm, whose kernel half all others link.
 * @PG_TABLE_CONTEXT: A table of the kernel without an mm; see
 *	<linux/pg_table_context.h>.
 * @PG_TABLE_TEMPLATE: A table of the kernel that is never loaded. Other tables
 *	link what it maps in the kernel half.
 * @PG_TABLE_VIEW: A restricted table of a process; see <linux/pg_table_view.h>.
 */
enum pg_table_kind {
	PG_TABLE_PROCESS,
	PG_TABLE_KERNEL,
	PG_TABLE_CONTEXT,
	PG_TABLE_TEMPLATE,
	PG_TABLE_VIEW,
};

/**
 * struct pg_table - a page table
 * @pgd: The root, set when the table is created. Only s390, which adds levels to
 *	a live table, changes it later, under @lock.
 * @arch: The state of the architecture, such as the identity of the table in the
 *	TLB.
 * @pgtables_bytes: The size of all table pages below the root, in bytes.
 * @lock: Protects the entries of the upper levels, and those of the lowest two
 *	where table pages have no lock of their own; see pmd_lockptr() and
 *	pte_lockptr().
 * @kind: What the table is for, an &enum pg_table_kind. Never changes.
 * @nr_views: The number of views of a process, not counting the user page table
 *	of PTI. Changed under @lock and the mmap_lock, held for writing.
 * @pmd_huge_pte: Table pages deposited for transparent huge pages, where PMD
 *	pages have no list of their own. Protected by @lock.
 *
 * The page table of a process is the member &mm_struct.pgt.
 */
struct pg_table {
	pgd_t *pgd;
	struct arch_pg_table arch;
#ifdef CONFIG_MMU
	atomic_long_t pgtables_bytes;
#endif
	spinlock_t lock;
#ifdef CONFIG_PG_TABLE_CONTEXT
	u8 kind;
#endif
#ifdef CONFIG_PG_TABLE_VIEW
	u8 nr_views;
#endif
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && !defined(CONFIG_SPLIT_PMD_PTLOCKS)
	pgtable_t pmd_huge_pte;
#endif
};

/**
 * pg_table_is_standalone - test whether a table is not embedded in an mm
 * @pgt: The table.
 *
 * Return: True for contexts, templates and views.
 */
static inline bool pg_table_is_standalone(const struct pg_table *pgt)
{
#ifdef CONFIG_PG_TABLE_CONTEXT
	return pgt->kind >= PG_TABLE_CONTEXT;
#else
	return false;
#endif
}

#ifdef CONFIG_DEBUG_PG_TABLE
void pg_table_check_process(const struct pg_table *pgt);
void pg_table_check_enter(struct pg_table *pgt);
#else
static inline void pg_table_check_process(const struct pg_table *pgt) { }
static inline void pg_table_check_enter(struct pg_table *pgt) { }
#endif

#endif /* _LINUX_PG_TABLE_H */
