// SPDX-License-Identifier: GPL-2.0
/*
 * Views: page tables of a process that map less of the kernel.
 */

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pg_table_view.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <asm/tlbflush.h>

#include <linux/pg_table_internal.h>
#include "mm_internal.h"

/* clone_pgd_range() is no use here: it also writes the page next to a root. */
#define ROOT_HALF	(PAGE_SIZE / 2)

DEFINE_STATIC_KEY_FALSE(pg_table_views);

static struct hlist_head *views_of(struct pg_table *process)
{
	return &virt_to_ptdesc(process->pgd)->pt_views;
}

void __pg_table_mirror(pgd_t *pgdp, pgd_t pgd)
{
	struct pg_table *process = virt_to_ptdesc(pgdp)->pt_owner;
	struct pg_view *view;

	/* The roots that are part of the kernel image have no owner. */
	if (!process || !process->nr_views)
		return;
	hlist_for_each_entry(view, views_of(process), node)
		WRITE_ONCE(view->ctx.pgt.pgd[pgdp - process->pgd].pgd, pgd.pgd);
}

/*
 * Entries of the root are cleared with the mmap_lock held at least for reading,
 * and set with the lock of the table held, so taking both excludes any change.
 */
static int add_view(struct pg_view *view)
{
	struct pg_table *process = &view->mm->pgt;
	unsigned long used = BIT(0);
	struct pg_view *other;
	int err = -EBUSY;

	mmap_write_lock(view->mm);
	spin_lock(&process->lock);
	if (process->nr_views < PG_TABLE_MAX_VIEWS) {
		if (!process->nr_views)
			INIT_HLIST_HEAD(views_of(process));
		hlist_for_each_entry(other, views_of(process), node)
			used |= BIT(other->nr);
		view->nr = ffz(used);
		memcpy(view->ctx.pgt.pgd, process->pgd, ROOT_HALF);
		hlist_add_head(&view->node, views_of(process));
		process->nr_views++;
		err = 0;
	}
	spin_unlock(&process->lock);
	mmap_write_unlock(view->mm);
	return err;
}

struct pg_table *pg_table_create_view(const char *name, struct mm_struct *mm,
				      struct pg_table *template)
{
	struct pg_view *view;
	int err = -ENOMEM;
	pgd_t *root;

	/* Without PTI, nothing is mirrored and flushes set no bits. */
	if (!boot_cpu_has(X86_FEATURE_PTI))
		return ERR_PTR(-EOPNOTSUPP);
	view = kmalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return ERR_PTR(-ENOMEM);
	pg_table_init(&view->ctx, name, PG_TABLE_VIEW);
	root = pg_table_alloc_root(&view->ctx.pgt);
	if (!root)
		goto free_view;

	view->ctx.pgt.pgd = root;
	view->mm = mm;
	view->template = template;
	memcpy(root + PGD_KERNEL_START, template->pgd + PGD_KERNEL_START, ROOT_HALF);

	/* Enable mirroring before add_view(), so that no entry is missed. It stays on. */
	static_branch_enable(&pg_table_views);
	err = add_view(view);
	if (err)
		goto free_root;
	mmgrab(mm);
	pg_table_get(template);
	return pg_table_publish(&view->ctx);

free_root:
	pg_table_free_root(&view->ctx.pgt, root);
free_view:
	kfree(view);
	return ERR_PTR(err);
}

struct mm_struct *pg_table_walk_mm(struct pg_table *pgt)
{
	return pgt->kind == PG_TABLE_VIEW ? pg_view(pgt)->mm : &init_mm;
}

void pg_table_end_view(struct pg_table *pgt)
{
	struct pg_view *view = pg_view(pgt);
	struct pg_table *process = &view->mm->pgt;

	/*
	 * Mark the number on all CPUs before another view can get it. This one is
	 * loaded nowhere, so nothing clears the marks.
	 */
	flush_tlb_mm(view->mm);

	mmap_write_lock(view->mm);
	spin_lock(&process->lock);
	hlist_del(&view->node);
	process->nr_views--;
	spin_unlock(&process->lock);
	mmap_write_unlock(view->mm);

	pg_table_free_root(pgt, pgt->pgd);
	pg_table_put(view->template);
	mmdrop(view->mm);
}
