/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_VIEW_H
#define _LINUX_PG_TABLE_VIEW_H

#include <linux/jump_label.h>
#include <linux/mm_types.h>

/**
 * DOC: Views
 *
 * A view is a page table of a process in which less of the kernel is mapped.
 * Its lower half is that of the process at all times: whoever changes an entry
 * of the root of the process changes the same entry of its views, under the same
 * locks. Its kernel half is that of a template. It owns no table page; it costs
 * a root page and an object.
 *
 * The user page table of PTI is the view that the entry code loads. It needs no
 * object, since it lies beside the root. The others are loaded by the kernel,
 * and need PTI.
 *
 * With PCID, each view has translations of its own in the TLB. A flush of the
 * process sets a flush bit for each of its views on the CPU, and the next load
 * of a view looks at its bit.
 */

/* Without the user page table of PTI; there are as many flush bits. */
#define PG_TABLE_MAX_VIEWS	3

#ifdef CONFIG_PG_TABLE_VIEW
/**
 * pg_table_create_view - create a restricted table of a process
 * @name: What it is for; shown to the administrator, not copied.
 * @mm: The process; the view holds it by mmgrab().
 * @template: What the kernel half shows; the view holds a reference. Entries
 *	that its root gets later are not seen.
 *
 * What @template maps must hold the code, the stack and the data that are used
 * while the view is loaded. The LDT of the process is not in it.
 * pg_table_put() destroys the view.
 *
 * Context: Process context, may sleep; takes the mmap_lock for writing.
 * Return: The view, with one reference; an ERR_PTR(): -EOPNOTSUPP without PTI,
 * -EBUSY if the process has PG_TABLE_MAX_VIEWS, -ENOMEM. On failure nothing
 * changes.
 */
struct pg_table *pg_table_create_view(const char *name, struct mm_struct *mm,
				      struct pg_table *template);

/**
 * pg_table_enter_view - load a view of the process that is loaded
 * @view: The view.
 *
 * Context: Interrupts off, until pg_table_leave_view(). The table of the process
 * is loaded, and not in lazy TLB mode. An NMI does not see user memory meanwhile.
 * Return: What pg_table_leave_view() takes.
 */
struct pg_table *pg_table_enter_view(struct pg_table *view);

/**
 * pg_table_leave_view - load the table of the process again
 * @process: What pg_table_enter_view() returned.
 *
 * Context: Interrupts off.
 */
void pg_table_leave_view(struct pg_table *process);

/**
 * pg_table_walk_mm - whose page-table pages a walk of a table meets
 * @pgt: The table.
 *
 * Return: The process of a view: a walk holds its mmap_lock, and maps the PTE pages
 * of the lower half under RCU, as for the process itself. &init_mm for others.
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

/* For who sets or clears an entry of the root of a process. */
static inline void pg_table_mirror(pgd_t *pgdp, pgd_t pgd)
{
	if (pg_table_has_views())
		__pg_table_mirror(pgdp, pgd);
}

#endif /* _LINUX_PG_TABLE_VIEW_H */
