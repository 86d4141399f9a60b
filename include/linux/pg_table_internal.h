/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_INTERNAL_H
#define _LINUX_PG_TABLE_INTERNAL_H

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pg_table.h>
#include <linux/refcount.h>

#include <asm/mmu_context.h>
#include <asm/pgalloc.h>

#ifndef arch_pg_table_init
#define arch_pg_table_init(pgt)		((void)(pgt))
#endif

#ifndef arch_pg_table_pin
#define arch_pg_table_pin(pgt)		((void)(pgt))
#define arch_pg_table_unpin(pgt)	((void)(pgt))
#endif

#ifndef arch_pg_table_clear_p4d
#define arch_pg_table_clear_p4d(p4d)	p4d_clear(p4d)
#endif
#ifndef arch_pg_table_clear_pgd
#define arch_pg_table_clear_pgd(pgd)	pgd_clear(pgd)
#endif

/* Called before a table page is freed, to undo what its population did. */
#ifndef arch_pg_table_release_pte
#define arch_pg_table_release_pte(pte)	((void)(pte))
#define arch_pg_table_release_pmd(pmd)	((void)(pmd))
#define arch_pg_table_release_pud(pud)	((void)(pud))
#define arch_pg_table_release_p4d(p4d)	((void)(p4d))
#endif

/* Convert the protection of a large entry to that of a base page. */
#ifndef arch_pg_table_leaf_prot
#define arch_pg_table_leaf_prot(prot)	(prot)
#endif

/* Remove from a protection what a context must not have. */
#ifndef arch_pg_table_prot
#define arch_pg_table_prot(prot)	(prot)
#endif

/**
 * struct pg_context - a page table that is not embedded in an mm
 * @pgt: The table.
 * @users: The number of references.
 * @name: What it is for.
 * @list: Member of pg_table_list, under pg_table_list_lock.
 * @lock: Serialises what changes or reads the tree below the root.
 * @claim_start: The first address of its own range in the kernel half.
 * @claim_end: Behind the last address of it; 0 if there is none.
 */
struct pg_context {
	struct pg_table pgt;
	refcount_t users;
	const char *name;
	struct list_head list;
	struct mutex lock;
	unsigned long claim_start;
	unsigned long claim_end;
};

extern struct list_head pg_table_list;
extern struct mutex pg_table_list_lock;

static inline struct pg_context *pg_context(struct pg_table *pgt)
{
	return container_of(pgt, struct pg_context, pgt);
}

#endif /* _LINUX_PG_TABLE_INTERNAL_H */
