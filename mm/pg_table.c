// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: page tables of the kernel that belong to no mm.
 */

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/pg_table_internal.h>

LIST_HEAD(pg_table_list);
DEFINE_MUTEX(pg_table_list_lock);

struct pg_table *pg_table_create(const char *name)
{
	struct pg_context *ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;

	*ctx = (struct pg_context) {
		.pgt.kind	= PG_TABLE_CONTEXT,
		.users		= REFCOUNT_INIT(1),
		.name		= name,
	};
	spin_lock_init(&ctx->pgt.lock);
	mutex_init(&ctx->lock);
	arch_pg_table_init(&ctx->pgt);
	ctx->pgt.pgd = pgd_alloc(&ctx->pgt);
	if (!ctx->pgt.pgd) {
		kfree(ctx);
		return NULL;
	}
	arch_pg_table_pin(&ctx->pgt);

	mutex_lock(&pg_table_list_lock);
	list_add_tail(&ctx->list, &pg_table_list);
	mutex_unlock(&pg_table_list_lock);
	return &ctx->pgt;
}

void pg_table_get(struct pg_table *pgt)
{
	refcount_inc(&pg_context(pgt)->users);
}

static bool owned(struct pg_table *pgt, void *table)
{
	return virt_to_ptdesc(table)->pt_owner == pgt;
}

static void own(struct pg_table *pgt, void *table)
{
	virt_to_ptdesc(table)->pt_owner = pgt;
}

static void disown(void *table)
{
	virt_to_ptdesc(table)->pt_owner = NULL;
}

/* Which table pages of a range the walkers below free: only empty ones, or all. */
enum free_mode { FREE_EMPTY, FREE_ALL };

#define table_is_empty(table, nr, none) ({		\
	const unsigned int __nr = (nr);			\
	unsigned int __i = 0;				\
	while (__i < __nr && none((table)[__i]))	\
		__i++;					\
	__i == __nr;					\
})

/*
 * Paging-structure caches may still hold the entry that pointed to the table
 * page. A table that is being destroyed is loaded nowhere.
 */
static void flush_detached(struct pg_table *pgt, enum free_mode mode)
{
	if (mode == FREE_EMPTY)
		pg_table_flush(pgt);
}

static void free_pte_table(struct pg_table *pgt, pmd_t *pmd, enum free_mode mode)
{
	pte_t *pte = pte_offset_kernel(pmd, 0);

	if (!owned(pgt, pte) ||
	    (mode == FREE_EMPTY && !table_is_empty(pte, PTRS_PER_PTE, pte_none)))
		return;

	pmd_clear(pmd);
	flush_detached(pgt, mode);
	disown(pte);
	arch_pg_table_release_pte(pte);
	pte_free_kernel(pgt, pte);
	mm_dec_nr_ptes(pgt);
}

static void free_pmd_table(struct pg_table *pgt, pud_t *pud, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	pmd_t *table = pmd_offset(pud, 0), *pmd = pmd_offset(pud, addr);
	unsigned long next;

	do {
		next = pmd_addr_end(addr, end);
		if (pmd_present(*pmd) && !pmd_leaf(*pmd))
			free_pte_table(pgt, pmd, mode);
	} while (pmd++, addr = next, addr != end);

	if (mm_pmd_folded(pgt) || !owned(pgt, table) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_PMD, pmd_none)))
		return;

	pud_clear(pud);
	flush_detached(pgt, mode);
	disown(table);
	arch_pg_table_release_pmd(table);
	pmd_free(pgt, table);
	mm_dec_nr_pmds(pgt);
}

static void free_pud_table(struct pg_table *pgt, p4d_t *p4d, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	pud_t *table = pud_offset(p4d, 0), *pud = pud_offset(p4d, addr);
	unsigned long next;

	do {
		next = pud_addr_end(addr, end);
		if (pud_present(*pud) && !pud_leaf(*pud))
			free_pmd_table(pgt, pud, addr, next, mode);
	} while (pud++, addr = next, addr != end);

	if (mm_pud_folded(pgt) || !owned(pgt, table) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_PUD, pud_none)))
		return;

	arch_pg_table_clear_p4d(p4d);
	flush_detached(pgt, mode);
	disown(table);
	arch_pg_table_release_pud(table);
	pud_free(pgt, table);
	mm_dec_nr_puds(pgt);
}

static void free_p4d_table(struct pg_table *pgt, pgd_t *pgd, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	p4d_t *table = p4d_offset(pgd, 0), *p4d = p4d_offset(pgd, addr);
	unsigned long next;

	do {
		next = p4d_addr_end(addr, end);
		if (p4d_present(*p4d) && !p4d_leaf(*p4d))
			free_pud_table(pgt, p4d, addr, next, mode);
	} while (p4d++, addr = next, addr != end);

	if (mm_p4d_folded(pgt) || !owned(pgt, table) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_P4D, p4d_none)))
		return;

	arch_pg_table_clear_pgd(pgd);
	flush_detached(pgt, mode);
	disown(table);
	arch_pg_table_release_p4d(table);
	p4d_free(pgt, table);
}

static void free_tables(struct pg_table *pgt, unsigned long addr,
			unsigned long end, enum free_mode mode)
{
	pgd_t *pgd = pgd_offset_pgd(pgt->pgd, addr);
	unsigned long next;

	do {
		next = pgd_addr_end(addr, end);
		if (pgd_present(*pgd))
			free_p4d_table(pgt, pgd, addr, next, mode);
	} while (pgd++, addr = next, addr != end);
}

void pg_table_put(struct pg_table *pgt)
{
	struct pg_context *ctx;

	if (!pgt)
		return;
	ctx = pg_context(pgt);
	if (!refcount_dec_and_mutex_lock(&ctx->users, &pg_table_list_lock))
		return;
	list_del(&ctx->list);
	mutex_unlock(&pg_table_list_lock);

	arch_pg_table_unpin(pgt);
	/* A root without table pages has nothing to look for. */
	if (atomic_long_read(&pgt->pgtables_bytes)) {
		free_tables(pgt, 0, TASK_SIZE_MAX, FREE_ALL);
		if (ctx->claim_end)
			free_tables(pgt, ctx->claim_start, ctx->claim_end, FREE_ALL);
	}
	pgd_free(pgt, pgt->pgd);
	kfree(ctx);
}

static bool range_is_own(struct pg_context *ctx, unsigned long addr,
			 unsigned long size)
{
	unsigned long end = addr + size;

	if (!size || !PAGE_ALIGNED(addr | size) || end < addr)
		return false;
	return end <= TASK_SIZE_MAX ||
	       (addr >= ctx->claim_start && end <= ctx->claim_end);
}

/*
 * The walkers below allocate missing table pages on the way down. Table pages are
 * installed only under the mutex of the context, so their owner can be set after
 * they are visible.
 */
static p4d_t *get_p4d(struct pg_table *pgt, pgd_t *pgd, unsigned long addr)
{
	if (pgd_none(*pgd)) {
		if (__p4d_alloc(pgt, pgd, addr))
			return NULL;
		own(pgt, p4d_offset(pgd, 0));
	}
	return p4d_offset(pgd, addr);
}

static pud_t *get_pud(struct pg_table *pgt, p4d_t *p4d, unsigned long addr)
{
	if (p4d_none(*p4d)) {
		if (__pud_alloc(pgt, p4d, addr))
			return NULL;
		own(pgt, pud_offset(p4d, 0));
	}
	return pud_offset(p4d, addr);
}

static pmd_t *get_pmd(struct pg_table *pgt, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud)) {
		if (__pmd_alloc(pgt, pud, addr))
			return NULL;
		own(pgt, pmd_offset(pud, 0));
	}
	return pmd_offset(pud, addr);
}

static pte_t *alloc_pte_table(struct pg_table *pgt)
{
	pte_t *pte = pte_alloc_one_kernel(pgt);

	if (pte) {
		own(pgt, pte);
		mm_inc_nr_ptes(pgt);
	}
	return pte;
}

static pte_t *get_pte(struct pg_table *pgt, pmd_t *pmd, unsigned long addr)
{
	pte_t *pte;

	if (pmd_none(*pmd)) {
		pte = alloc_pte_table(pgt);
		if (!pte)
			return NULL;
		spin_lock(&pgt->lock);
		pmd_populate_kernel(pgt, pmd, pte);
		spin_unlock(&pgt->lock);
	}
	return pte_offset_kernel(pmd, addr);
}

/* A range to write, and how far it has been written (@done). */
struct mapping {
	struct pg_table *pgt;
	unsigned long done;
	phys_addr_t phys;
	pgprot_t prot;
	bool populate;
};

static bool fits(const struct mapping *m, unsigned long addr, unsigned long next,
		 unsigned long size)
{
	return !m->populate && next - addr == size &&
	       IS_ALIGNED(addr, size) && IS_ALIGNED(m->phys, size);
}

static void advance(struct mapping *m, unsigned long next)
{
	m->phys += next - m->done;
	m->done = next;
}

static int map_ptes(struct mapping *m, pmd_t *pmd, unsigned long addr,
		    unsigned long end)
{
	pte_t *pte;

	if (pmd_leaf(*pmd))
		return -EEXIST;
	pte = get_pte(m->pgt, pmd, addr);
	if (!pte)
		return -ENOMEM;
	do {
		if (!pte_none(ptep_get(pte)))
			return -EEXIST;
		if (!m->populate)
			set_pte(pte, pfn_pte(PHYS_PFN(m->phys), m->prot));
		advance(m, addr + PAGE_SIZE);
	} while (pte++, addr += PAGE_SIZE, addr != end);
	return 0;
}

static int map_pmds(struct mapping *m, pud_t *pud, unsigned long addr,
		    unsigned long end)
{
	unsigned long next;
	pmd_t *pmd;
	int err;

	if (pud_leaf(*pud))
		return -EEXIST;
	pmd = get_pmd(m->pgt, pud, addr);
	if (!pmd)
		return -ENOMEM;
	do {
		next = pmd_addr_end(addr, end);
		if (fits(m, addr, next, PMD_SIZE) && pmd_none(*pmd) &&
		    arch_vmap_pmd_supported(m->prot) &&
		    pmd_set_huge(pmd, m->phys, m->prot)) {
			advance(m, next);
			continue;
		}
		err = map_ptes(m, pmd, addr, next);
		if (err)
			return err;
	} while (pmd++, addr = next, addr != end);
	return 0;
}

static int map_puds(struct mapping *m, p4d_t *p4d, unsigned long addr,
		    unsigned long end)
{
	unsigned long next;
	pud_t *pud;
	int err;

	pud = get_pud(m->pgt, p4d, addr);
	if (!pud)
		return -ENOMEM;
	do {
		next = pud_addr_end(addr, end);
		if (fits(m, addr, next, PUD_SIZE) && pud_none(*pud) &&
		    arch_vmap_pud_supported(m->prot) &&
		    pud_set_huge(pud, m->phys, m->prot)) {
			advance(m, next);
			continue;
		}
		err = map_pmds(m, pud, addr, next);
		if (err)
			return err;
	} while (pud++, addr = next, addr != end);
	return 0;
}

static int map_p4ds(struct mapping *m, pgd_t *pgd, unsigned long addr,
		    unsigned long end)
{
	unsigned long next;
	p4d_t *p4d;
	int err;

	p4d = get_p4d(m->pgt, pgd, addr);
	if (!p4d)
		return -ENOMEM;
	do {
		next = p4d_addr_end(addr, end);
		err = map_puds(m, p4d, addr, next);
		if (err)
			return err;
	} while (p4d++, addr = next, addr != end);
	return 0;
}

static void unmap_ptes(pmd_t *pmd, unsigned long addr, unsigned long end)
{
	pte_t *pte = pte_offset_kernel(pmd, addr);

	do {
		pte_clear(&init_mm, addr, pte);
	} while (pte++, addr += PAGE_SIZE, addr != end);
}

static void unmap_pmds(pud_t *pud, unsigned long addr, unsigned long end)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;

	do {
		next = pmd_addr_end(addr, end);
		if (!pmd_present(*pmd))
			continue;
		if (pmd_leaf(*pmd))
			pmd_clear(pmd);
		else
			unmap_ptes(pmd, addr, next);
	} while (pmd++, addr = next, addr != end);
}

static void unmap_puds(p4d_t *p4d, unsigned long addr, unsigned long end)
{
	pud_t *pud = pud_offset(p4d, addr);
	unsigned long next;

	do {
		next = pud_addr_end(addr, end);
		if (!pud_present(*pud))
			continue;
		if (pud_leaf(*pud))
			pud_clear(pud);
		else
			unmap_pmds(pud, addr, next);
	} while (pud++, addr = next, addr != end);
}

static void unmap_p4ds(pgd_t *pgd, unsigned long addr, unsigned long end)
{
	p4d_t *p4d = p4d_offset(pgd, addr);
	unsigned long next;

	do {
		next = p4d_addr_end(addr, end);
		if (p4d_present(*p4d))
			unmap_puds(p4d, addr, next);
	} while (p4d++, addr = next, addr != end);
}

/* The caller has split the large entries at both ends of the range. */
static void clear_range(struct pg_table *pgt, unsigned long addr, unsigned long end)
{
	pgd_t *pgd = pgd_offset_pgd(pgt->pgd, addr);
	unsigned long start = addr, next;

	do {
		next = pgd_addr_end(addr, end);
		if (pgd_present(*pgd))
			unmap_p4ds(pgd, addr, next);
	} while (pgd++, addr = next, addr != end);

	pg_table_flush(pgt);
	free_tables(pgt, start, end, FREE_EMPTY);
}

static int write_range(struct mapping *m, unsigned long addr, unsigned long size)
{
	struct pg_context *ctx = pg_context(m->pgt);
	unsigned long start = addr, end = addr + size, next;
	pgd_t *pgd = pgd_offset_pgd(m->pgt->pgd, addr);
	int err;

	if (!range_is_own(ctx, addr, size))
		return -EINVAL;

	m->done = addr;
	mutex_lock(&ctx->lock);
	do {
		next = pgd_addr_end(addr, end);
		err = map_p4ds(m, pgd, addr, next);
	} while (!err && (pgd++, addr = next, addr != end));

	if (err) {
		if (m->done > start && !m->populate)
			clear_range(m->pgt, start, m->done);
		/* The step that failed may have left empty table pages. */
		free_tables(m->pgt, start, end, FREE_EMPTY);
	}
	mutex_unlock(&ctx->lock);
	return err;
}

int pg_table_map(struct pg_table *pgt, unsigned long addr, phys_addr_t phys,
		 unsigned long size, pgprot_t prot)
{
	struct mapping m = {
		.pgt	= pgt,
		.phys	= phys,
		.prot	= arch_pg_table_prot(prot),
	};

	if (!PAGE_ALIGNED(phys) || phys + size < phys)
		return -EINVAL;
	return write_range(&m, addr, size);
}

int pg_table_populate(struct pg_table *pgt, unsigned long addr, unsigned long size)
{
	struct mapping m = { .pgt = pgt, .populate = true };

	return write_range(&m, addr, size);
}

pte_t *pg_table_lookup(struct pg_table *pgt, unsigned long addr,
		       unsigned long *size)
{
	pgd_t *pgd = pgd_offset_pgd(pgt->pgd, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	*size = P4D_SIZE;
	if (!p4d_present(*p4d) || p4d_leaf(*p4d))
		return (pte_t *)p4d;
	pud = pud_offset(p4d, addr);
	*size = PUD_SIZE;
	if (!pud_present(*pud) || pud_leaf(*pud))
		return (pte_t *)pud;
	pmd = pmd_offset(pud, addr);
	*size = PMD_SIZE;
	if (!pmd_present(*pmd) || pmd_leaf(*pmd))
		return (pte_t *)pmd;
	*size = PAGE_SIZE;
	return pte_offset_kernel(pmd, addr);
}

static int split_pmd(struct pg_table *pgt, pmd_t *pmd)
{
	unsigned long pfn = pmd_pfn(*pmd);
	pgprot_t prot = arch_pg_table_leaf_prot(pmd_pgprot(*pmd));
	pte_t *pte = alloc_pte_table(pgt);
	unsigned int i;

	if (!pte)
		return -ENOMEM;
	for (i = 0; i < PTRS_PER_PTE; i++)
		set_pte(pte + i, pfn_pte(pfn + i, prot));
	pmd_populate_kernel(pgt, pmd, pte);
	return 0;
}

static int split_pud(struct pg_table *pgt, pud_t *pud, unsigned long addr)
{
	phys_addr_t phys = PFN_PHYS((phys_addr_t)pud_pfn(*pud));
	pgprot_t prot = arch_pg_table_leaf_prot(pud_pgprot(*pud));
	pmd_t *pmd = pmd_alloc_one(pgt, addr);
	unsigned int i;

	if (!pmd)
		return -ENOMEM;
	own(pgt, pmd);
	mm_inc_nr_pmds(pgt);
	for (i = 0; i < PTRS_PER_PMD; i++)
		pmd_set_huge(pmd + i, phys + i * PMD_SIZE, prot);
	pud_populate(pgt, pud, pmd);
	return 0;
}

/* Split the entry that maps @addr until @addr is at the beginning of an entry. */
static int split_at(struct pg_table *pgt, unsigned long addr)
{
	unsigned long size;
	pte_t *entry;
	int err = 0;

	for (;;) {
		entry = pg_table_lookup(pgt, addr, &size);
		if (!entry || !pte_present(ptep_get(entry)) || IS_ALIGNED(addr, size))
			return err;
		if (size == PMD_SIZE)
			err = split_pmd(pgt, (pmd_t *)entry);
		else
			err = split_pud(pgt, (pud_t *)entry, addr);
		if (err)
			return err;
	}
}

int pg_table_unmap(struct pg_table *pgt, unsigned long addr, unsigned long size)
{
	struct pg_context *ctx = pg_context(pgt);
	int err;

	if (!range_is_own(ctx, addr, size))
		return -EINVAL;

	mutex_lock(&ctx->lock);
	err = split_at(pgt, addr);
	if (!err)
		err = split_at(pgt, addr + size);
	if (!err)
		clear_range(pgt, addr, addr + size);
	mutex_unlock(&ctx->lock);
	return err;
}
