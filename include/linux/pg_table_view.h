/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_VIEW_H
#define _LINUX_PG_TABLE_VIEW_H

#include <linux/jump_label.h>
#include <linux/mm_types.h>

/**
 * DOC: Views
 *
 * A view is a page table of a process that maps less of the kernel. Its lower half
 * is always that of the process: code that changes an entry in the root of the
 * process also changes it in all views, under the same locks. Its kernel half is
 * that of a template. A view owns no table page; it costs a root page and an
 * object.
 *
 * The user page table of PTI is the view that the entry code loads. It needs no
 * object, because it is next to the root. The other views are loaded by the
 * kernel, and need PTI.
 *
 * With PCID, each view has translations of its own in the TLB. A flush of the
 * process flushes the table that is loaded and sets a flush bit for each of the
 * others on the CPU. Whatever loads one of them tests its bit. From the first view
 * on, flushes set these bits.
 */

/* Not counting the user page table of PTI. Limited by the bits of a PCID. */
#define PG_TABLE_MAX_VIEWS	3

#ifdef CONFIG_PG_TABLE_VIEW
/**
 * pg_table_create_view - create a restricted table of a process
 * @name: What it is for. Shown to the administrator; not copied.
 * @mm: The mm of the process. The view holds a reference (mmgrab()).
 * @template: What the kernel half maps. The view holds a reference. Entries that
 *	are added to its root later do not appear in the view.
 *
 * @template has to map the code, the stack and the data that are used while the
 * view is loaded. The LDT of the process is not mapped. pg_table_put() destroys
 * the view.
 *
 * Context: Process context, may sleep; takes the mmap_lock for writing.
 * Return: The view, with one reference, or an ERR_PTR(): -EOPNOTSUPP without PTI;
 * -EBUSY if the process has PG_TABLE_MAX_VIEWS views; -ENOMEM. On failure,
 * nothing changes.
 */
struct pg_table *pg_table_create_view(const char *name, struct mm_struct *mm,
				      struct pg_table *template);

/**
 * pg_table_enter_view - load a view of the current process
 * @view: The view.
 *
 * Context: Interrupts disabled from here to pg_table_leave_view(). The table of
 * the process is loaded, and the CPU is not in lazy TLB mode. NMI handlers cannot
 * access user memory in the meantime.
 * Return: The argument for pg_table_leave_view().
 */
struct pg_table *pg_table_enter_view(struct pg_table *view);

/**
 * pg_table_leave_view - restore the table of the process
 * @process: The return value of pg_table_enter_view().
 *
 * Context: Interrupts disabled.
 */
void pg_table_leave_view(struct pg_table *process);

/**
 * pg_table_walk_mm - the mm whose locking rules apply to a walk of a table
 * @pgt: The table.
 *
 * The lower half of a view consists of table pages of its process. A walk needs the
 * mmap_lock of the process and maps PTE pages under RCU.
 *
 * Context: Any.
 * Return: The mm of the process if @pgt is a view, otherwise &init_mm.
 */
struct mm_struct *pg_table_walk_mm(struct pg_table *pgt);

void __pg_table_mirror(pgd_t *pgdp, pgd_t pgd);

DECLARE_STATIC_KEY_FALSE(pg_table_views);

static inline bool pg_table_has_views(void)
{
	return static_branch_unlikely(&pg_table_views);
}
#else
static inline struct mm_struct *pg_table_walk_mm(struct pg_table *pgt)
{
	return &init_mm;
}

static inline void __pg_table_mirror(pgd_t *pgdp, pgd_t pgd)
{
}

static inline bool pg_table_has_views(void)
{
	return false;
}
#endif

/* Called where an entry in the root of a process is set or cleared. */
static inline void pg_table_mirror(pgd_t *pgdp, pgd_t pgd)
{
	if (pg_table_has_views())
		__pg_table_mirror(pgdp, pgd);
}

#endif /* _LINUX_PG_TABLE_VIEW_H */
