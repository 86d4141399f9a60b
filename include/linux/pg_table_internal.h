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

/*
 * Remove user access from an entry that points to a table page: user mode never
 * runs on a context.
 */
#ifndef arch_pg_table_hide_pgd
#define arch_pg_table_hide_pgd(pgd)	((void)(pgd))
#define arch_pg_table_hide_p4d(p4d)	((void)(p4d))
#define arch_pg_table_hide_pud(pud)	((void)(pud))
#define arch_pg_table_hide_pmd(pmd)	((void)(pmd))
#endif

/* PMD pages are allocated and freed together with the root. */
#ifndef arch_pg_table_fixed_pmds
#define arch_pg_table_fixed_pmds	0
#endif

/* The first address that a template may map. */
#ifndef arch_pg_table_kernel_start
#define arch_pg_table_kernel_start	TASK_SIZE_MAX
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
 * @list: Entry in pg_table_list. Protected by pg_table_list_lock.
 * @lock: Serialises changes and walks of the tree below the root.
 * @claim_start: The first address of the range that it claimed in the kernel half.
 * @claim_end: The address after the last one of that range; 0 if there is none.
 * @nr_owned: The number of table pages that it owns, at all levels.
 */
struct pg_context {
	struct pg_table pgt;
	refcount_t users;
	const char *name;
	struct list_head list;
	struct mutex lock;
	unsigned long claim_start;
	unsigned long claim_end;
	long nr_owned;
};

extern struct list_head pg_table_list;
extern struct mutex pg_table_list_lock;

static inline struct pg_context *pg_context(struct pg_table *pgt)
{
	return container_of(pgt, struct pg_context, pgt);
}

/**
 * struct pg_view - a restricted table of a process
 * @ctx: The object. It owns no table page.
 * @mm: The mm of the process, with a reference (mmgrab()).
 * @template: What the kernel half links, with a reference.
 * @node: Entry in &ptdesc.pt_views of the root of the process.
 * @nr: From 1 to PG_TABLE_MAX_VIEWS. Selects the flush bit and the PCID.
 */
struct pg_view {
	struct pg_context ctx;
	struct mm_struct *mm;
	struct pg_table *template;
	struct hlist_node node;
	unsigned int nr;
};

static inline struct pg_view *pg_view(struct pg_table *pgt)
{
	return container_of(pgt, struct pg_view, ctx.pgt);
}

#ifdef CONFIG_PG_TABLE_VIEW
void pg_table_end_view(struct pg_table *pgt);
#else
static inline void pg_table_end_view(struct pg_table *pgt) { }
#endif

void pg_table_init(struct pg_context *ctx, const char *name, enum pg_table_kind kind);
struct pg_table *pg_table_publish(struct pg_context *ctx);

void pg_table_own(struct pg_table *pgt, void *table);
bool pg_table_owns(struct pg_table *pgt, void *table);
bool pg_table_borrows_puds(struct pg_table *pgt, p4d_t *p4d);
bool pg_table_borrows_pmds(struct pg_table *pgt, pud_t *pud);
bool pg_table_range_is_own(struct pg_context *ctx, unsigned long addr,
			   unsigned long size);

/*
 * Return the entry for an address, and allocate missing table pages on the way;
 * NULL if there is no memory. Called under the mutex of the context.
 */
p4d_t *pg_table_get_p4d(struct pg_table *pgt, pgd_t *pgd, unsigned long addr);
pud_t *pg_table_get_pud(struct pg_table *pgt, p4d_t *p4d, unsigned long addr);
pmd_t *pg_table_get_pmd(struct pg_table *pgt, pud_t *pud, unsigned long addr);
pte_t *pg_table_get_pte(struct pg_table *pgt, pmd_t *pmd, unsigned long addr);

/* Called under the mutex of the context. */
void pg_table_free_empty(struct pg_table *pgt, unsigned long addr, unsigned long end);

/* Like pg_table_lookup(), but do not descend into table pages of other tables. */
pte_t *pg_table_lookup_own(struct pg_table *pgt, unsigned long addr,
			   unsigned long *size);

unsigned int pg_table_count_links(struct pg_table *owner);

#endif /* _LINUX_PG_TABLE_INTERNAL_H */
