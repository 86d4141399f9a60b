// SPDX-License-Identifier: GPL-2.0
/*
 * Links: what a page table of the kernel shares with another one.
 */

#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>

#include <linux/pg_table_internal.h>

/*
 * A range is linked in two passes: the first one allocates all table pages and may
 * fail, the second one writes and cannot. A single entry needs only one pass, since
 * everything that can fail comes before the only write.
 */
struct link {
	struct pg_table *to;
	struct pg_table *from;
	unsigned long unit;
	bool write;
};

static bool is_own_pte_table(const struct link *l, pmd_t pmd)
{
	return pmd_present(pmd) && !pmd_leaf(pmd) &&
	       pg_table_owns(l->to, pte_offset_kernel(&pmd, 0));
}

static bool is_own_pmd_table(const struct link *l, pud_t *pud)
{
	return pud_present(*pud) && !pud_leaf(*pud) && !pg_table_borrows_pmds(l->to, pud);
}

static bool is_own_pud_table(const struct link *l, p4d_t *p4d)
{
	return p4d_present(*p4d) && !p4d_leaf(*p4d) && !pg_table_borrows_puds(l->to, p4d);
}

static int link_ptes(const struct link *l, pmd_t *to_pmd, pmd_t *from_pmd,
		     unsigned long addr, unsigned long end)
{
	pte_t *from = pte_offset_kernel(from_pmd, addr), *to;

	if (pmd_present(*to_pmd) && !is_own_pte_table(l, *to_pmd))
		return -EEXIST;
	to = pg_table_get_pte(l->to, to_pmd, addr);
	if (!to)
		return -ENOMEM;
	do {
		if (l->write && pte_present(ptep_get(from)))
			set_pte(to, ptep_get(from));
	} while (to++, from++, addr += PAGE_SIZE, addr != end);
	return 0;
}

/*
 * Only tables without an mm write &ptdesc.pt_owner. Constructors do not: many table
 * pages of init_mm have none, and for those of processes the store would cost every
 * page fault. In a page of such a table the word is therefore left over from an earlier
 * use of the page. Clear it, so that no table takes the page for its own. Also make sure
 * that it does not name the table that borrows the page.
 */
static void borrow(const struct link *l, void *table)
{
	if (!pg_table_is_standalone(l->from) || pg_table_owns(l->to, table))
		virt_to_ptdesc(table)->pt_owner = NULL;
}

static int link_pmd(const struct link *l, pmd_t *to, pmd_t *from)
{
	if (is_own_pte_table(l, *to))
		return -EEXIST;
	if (l->write) {
		if (!pmd_leaf(*from))
			borrow(l, pte_offset_kernel(from, 0));
		set_pmd(to, *from);
	}
	return 0;
}

static int link_pmds(const struct link *l, pud_t *to_pud, pud_t *from_pud,
		     unsigned long addr, unsigned long end)
{
	pmd_t *from = pmd_offset(from_pud, addr), *to;
	unsigned long next;
	int err = 0;

	if (pud_present(*to_pud) && !is_own_pmd_table(l, to_pud))
		return -EEXIST;
	to = pg_table_get_pmd(l->to, to_pud, addr);
	if (!to)
		return -ENOMEM;
	do {
		next = pmd_addr_end(addr, end);
		if (!pmd_present(*from))
			continue;
		if (pmd_leaf(*from) || l->unit == PMD_SIZE)
			err = link_pmd(l, to, from);
		else
			err = link_ptes(l, to, from, addr, next);
	} while (!err && (to++, from++, addr = next, addr != end));
	return err;
}

static int link_pud(const struct link *l, pud_t *to, pud_t *from)
{
	if (is_own_pmd_table(l, to))
		return -EEXIST;
	if (l->write) {
		if (!pud_leaf(*from))
			borrow(l, pmd_offset(from, 0));
		set_pud(to, *from);
	}
	return 0;
}

static int link_puds(const struct link *l, p4d_t *to_p4d, p4d_t *from_p4d,
		     unsigned long addr, unsigned long end)
{
	pud_t *from = pud_offset(from_p4d, addr), *to;
	unsigned long next;
	int err = 0;

	if (p4d_present(*to_p4d) && !is_own_pud_table(l, to_p4d))
		return -EEXIST;
	to = pg_table_get_pud(l->to, to_p4d, addr);
	if (!to)
		return -ENOMEM;
	do {
		next = pud_addr_end(addr, end);
		if (!pud_present(*from))
			continue;
		if (pud_leaf(*from) || (l->unit == PUD_SIZE && !pg_table_pmd_folded(l->to)))
			err = link_pud(l, to, from);
		else
			err = link_pmds(l, to, from, addr, next);
	} while (!err && (to++, from++, addr = next, addr != end));
	return err;
}

static int link_p4d(const struct link *l, p4d_t *to, p4d_t *from)
{
	if (is_own_pud_table(l, to))
		return -EEXIST;
	if (l->write) {
		borrow(l, pud_offset(from, 0));
		set_p4d(to, *from);
	}
	return 0;
}

static int link_p4ds(const struct link *l, pgd_t *to_pgd, pgd_t *from_pgd,
		     unsigned long addr, unsigned long end)
{
	p4d_t *from = p4d_offset(from_pgd, addr), *to;
	unsigned long next;
	int err = 0;

	to = pg_table_get_p4d(l->to, to_pgd, addr);
	if (!to)
		return -ENOMEM;
	do {
		next = p4d_addr_end(addr, end);
		if (!p4d_present(*from))
			continue;
		if (l->unit == P4D_SIZE && !pg_table_pud_folded(l->to))
			err = link_p4d(l, to, from);
		else
			err = link_puds(l, to, from, addr, next);
	} while (!err && (to++, from++, addr = next, addr != end));
	return err;
}

static int link_range(const struct link *l, unsigned long addr, unsigned long end)
{
	pgd_t *to_pgd = pgd_offset_pgd(l->to->pgd, addr);
	pgd_t *from_pgd = pgd_offset_pgd(l->from->pgd, addr);
	unsigned long next;
	int err = 0;

	do {
		next = pgd_addr_end(addr, end);
		if (pgd_present(*from_pgd))
			err = link_p4ds(l, to_pgd, from_pgd, addr, next);
	} while (!err && (to_pgd++, from_pgd++, addr = next, addr != end));
	return err;
}

static bool can_link(struct pg_table *to, unsigned long addr, unsigned long size,
		     unsigned long unit)
{
	if (unit != PAGE_SIZE && unit != PMD_SIZE &&
	    (arch_pg_table_fixed_pmds || (unit != PUD_SIZE && unit != P4D_SIZE)))
		return false;
	return IS_ALIGNED(addr | size, unit) &&
	       pg_table_range_is_own(pg_context(to), addr, size);
}

static bool is_one_entry(struct pg_table *to, unsigned long size, unsigned long unit)
{
	return size == unit && !(unit == P4D_SIZE && pg_table_pud_folded(to)) &&
	       !(unit == PUD_SIZE && pg_table_pmd_folded(to));
}

int pg_table_link(struct pg_table *to, struct pg_table *from, unsigned long addr,
		  unsigned long size, unsigned long unit)
{
	struct link l = {
		.to = to, .from = from, .unit = unit, .write = is_one_entry(to, size, unit),
	};
	struct pg_context *ctx = pg_context(to);
	int err;

	if (!can_link(to, addr, size, unit))
		return -EINVAL;

	mutex_lock(&ctx->lock);
	err = link_range(&l, addr, addr + size);
	if (err) {
		pg_table_free_empty(to, addr, addr + size);
	} else if (!l.write) {
		l.write = true;
		link_range(&l, addr, addr + size);
	}
	mutex_unlock(&ctx->lock);
	return err;
}

#ifdef CONFIG_DEBUG_PG_TABLE
static void *linked_table(pte_t *entry, unsigned long size)
{
	if (size == PAGE_SIZE || !pte_present(ptep_get(entry)))
		return NULL;
	if (size == PMD_SIZE)
		return pmd_leaf(*(pmd_t *)entry) ? NULL : pte_offset_kernel((pmd_t *)entry, 0);
	if (size == PUD_SIZE)
		return pud_leaf(*(pud_t *)entry) ? NULL : pmd_offset((pud_t *)entry, 0);
	return pud_offset((p4d_t *)entry, 0);
}

static unsigned int links_in_range(struct pg_context *ctx, struct pg_table *owner,
				   unsigned long addr, unsigned long last)
{
	unsigned int links = 0;
	unsigned long size;
	pte_t *entry;
	void *table;

	do {
		size = PGDIR_SIZE;
		entry = pg_table_lookup_own(&ctx->pgt, addr, &size);
		table = entry ? linked_table(entry, size) : NULL;
		if (table && pg_table_owns(owner, table))
			links++;
		addr |= size - 1;
	} while (addr++ < last);
	return links;
}

/* Count the entries of other tables without an mm that point to pages of @owner. */
unsigned int pg_table_count_links(struct pg_table *owner)
{
	struct pg_context *ctx;
	unsigned int links = 0;

	mutex_lock(&pg_table_list_lock);
	list_for_each_entry(ctx, &pg_table_list, list) {
		mutex_lock(&ctx->lock);
		if (ctx->pgt.kind >= PG_TABLE_TEMPLATE)
			links += links_in_range(ctx, owner, arch_pg_table_kernel_start,
						ULONG_MAX);
		else
			links += links_in_range(ctx, owner, 0, TASK_SIZE_MAX - 1);
		if (ctx->claim_end)
			links += links_in_range(ctx, owner, ctx->claim_start,
						ctx->claim_end - 1);
		mutex_unlock(&ctx->lock);
	}
	mutex_unlock(&pg_table_list_lock);
	return links;
}
#endif
