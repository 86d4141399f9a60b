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

void pg_table_init(struct pg_context *ctx, const char *name, enum pg_table_kind kind)
{
	*ctx = (struct pg_context) {
		.pgt.kind	= kind,
		.users		= REFCOUNT_INIT(1),
		.name		= name,
	};
	spin_lock_init(&ctx->pgt.lock);
	mutex_init(&ctx->lock);
	arch_pg_table_init(&ctx->pgt);
}

static struct pg_context *new_context(const char *name, enum pg_table_kind kind)
{
	struct pg_context *ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);

	if (ctx)
		pg_table_init(ctx, name, kind);
	return ctx;
}

struct pg_table *pg_table_publish(struct pg_context *ctx)
{
	mutex_lock(&pg_table_list_lock);
	list_add_tail(&ctx->list, &pg_table_list);
	mutex_unlock(&pg_table_list_lock);
	return &ctx->pgt;
}

struct pg_table *pg_table_create(const char *name)
{
	struct pg_context *ctx = new_context(name, PG_TABLE_CONTEXT);

	if (!ctx)
		return NULL;
	ctx->pgt.pgd = pgd_alloc(&ctx->pgt);
	if (!ctx->pgt.pgd) {
		kfree(ctx);
		return NULL;
	}
	arch_pg_table_pin(&ctx->pgt);
	return pg_table_publish(ctx);
}

struct pg_table *pg_table_create_template(const char *name, pgd_t *root)
{
	struct pg_context *ctx = new_context(name, PG_TABLE_TEMPLATE);

	if (!ctx)
		return NULL;
	ctx->pgt.pgd = root;
	return pg_table_publish(ctx);
}

void pg_table_get(struct pg_table *pgt)
{
	refcount_inc(&pg_context(pgt)->users);
}

bool pg_table_owns(struct pg_table *pgt, void *table)
{
	return virt_to_ptdesc(table)->pt_owner == pgt;
}

bool pg_table_borrows_puds(struct pg_table *pgt, p4d_t *p4d)
{
	return !pg_table_pud_folded(pgt) && !pg_table_owns(pgt, pud_offset(p4d, 0));
}

bool pg_table_borrows_pmds(struct pg_table *pgt, pud_t *pud)
{
	return !pg_table_pmd_folded(pgt) && !arch_pg_table_fixed_pmds &&
	       !pg_table_owns(pgt, pmd_offset(pud, 0));
}

#ifdef CONFIG_DEBUG_PG_TABLE
static void check_unlinked(struct pg_context *ctx)
{
	unsigned int links = pg_table_count_links(&ctx->pgt);

	WARN(links, "page table '%s' is destroyed, but %u entries of other tables link to it\n",
	     ctx->name, links);
}

static void check_destroyed(struct pg_context *ctx)
{
	long bytes = atomic_long_read(&ctx->pgt.pgtables_bytes);

	WARN(ctx->nr_owned || bytes,
	     "page table '%s' is destroyed with %ld table pages and %ld bytes left\n",
	     ctx->name, ctx->nr_owned, bytes);
}

void pg_table_check_process(const struct pg_table *pgt)
{
	WARN_ONCE(pg_table_is_standalone(pgt), "a table without an mm is used as that of an mm\n");
}
EXPORT_SYMBOL_GPL(pg_table_check_process);

void pg_table_check_enter(struct pg_table *pgt)
{
	WARN_ONCE(pgt->kind != PG_TABLE_CONTEXT ||
		  !refcount_read(&pg_context(pgt)->users) ||
		  /* With PAE, a root may be smaller than a page. */
		  (IS_ENABLED(CONFIG_64BIT) &&
		   virt_to_ptdesc(pgt->pgd)->pt_owner != pgt),
		  "page table %p with root %p cannot be entered\n", pgt, pgt->pgd);
}
#else
static void check_unlinked(struct pg_context *ctx) { }
static void check_destroyed(struct pg_context *ctx) { }
#endif

void pg_table_own(struct pg_table *pgt, void *table)
{
	virt_to_ptdesc(table)->pt_owner = pgt;
	pg_context(pgt)->nr_owned++;
}

static void disown(struct pg_table *pgt, void *table)
{
	virt_to_ptdesc(table)->pt_owner = NULL;
	pg_context(pgt)->nr_owned--;
}

/* Which table pages of a range the walkers below free: only empty ones, or all. */
enum free_mode { FREE_EMPTY, FREE_ALL };

#define table_is_empty(table, nr, none) ({		\
	const typeof(table) __table = (table);		\
	const unsigned int __nr = (nr);			\
	unsigned int __i = 0;				\
	while (__i < __nr && none(__table[__i]))	\
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

	if (!pg_table_owns(pgt, pte) ||
	    (mode == FREE_EMPTY && !table_is_empty(pte, PTRS_PER_PTE, pte_none)))
		return;

	pmd_clear(pmd);
	flush_detached(pgt, mode);
	disown(pgt, pte);
	arch_pg_table_release_pte(pte);
	pte_free_kernel(pgt, pte);
	pg_table_dec_nr_ptes(pgt);
}

static void free_pmd_table(struct pg_table *pgt, pud_t *pud, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	pmd_t *table = pmd_offset(pud, 0), *pmd = pmd_offset(pud, addr);
	unsigned long next;

	if (pg_table_borrows_pmds(pgt, pud))
		return;
	do {
		next = pmd_addr_end(addr, end);
		if (pmd_present(*pmd) && !pmd_leaf(*pmd))
			free_pte_table(pgt, pmd, mode);
	} while (pmd++, addr = next, addr != end);

	if (pg_table_pmd_folded(pgt) || !pg_table_owns(pgt, table) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_PMD, pmd_none)))
		return;

	pud_clear(pud);
	flush_detached(pgt, mode);
	disown(pgt, table);
	arch_pg_table_release_pmd(table);
	pmd_free(pgt, table);
	pg_table_dec_nr_pmds(pgt);
}

static void free_pud_table(struct pg_table *pgt, p4d_t *p4d, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	pud_t *table = pud_offset(p4d, 0), *pud = pud_offset(p4d, addr);
	unsigned long next;

	if (pg_table_borrows_puds(pgt, p4d))
		return;
	do {
		next = pud_addr_end(addr, end);
		if (pud_present(*pud) && !pud_leaf(*pud))
			free_pmd_table(pgt, pud, addr, next, mode);
	} while (pud++, addr = next, addr != end);

	if (pg_table_pud_folded(pgt) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_PUD, pud_none)))
		return;

	arch_pg_table_clear_p4d(p4d);
	flush_detached(pgt, mode);
	disown(pgt, table);
	arch_pg_table_release_pud(table);
	pud_free(pgt, table);
	pg_table_dec_nr_puds(pgt);
}

static void free_p4d_table(struct pg_table *pgt, pgd_t *pgd, unsigned long addr,
			   unsigned long end, enum free_mode mode)
{
	p4d_t *table = p4d_offset(pgd, 0), *p4d = p4d_offset(pgd, addr);
	unsigned long next;

	if (!pg_table_p4d_folded(pgt) && !pg_table_owns(pgt, table))
		return;
	do {
		next = p4d_addr_end(addr, end);
		if (p4d_present(*p4d) && !p4d_leaf(*p4d))
			free_pud_table(pgt, p4d, addr, next, mode);
	} while (p4d++, addr = next, addr != end);

	if (pg_table_p4d_folded(pgt) ||
	    (mode == FREE_EMPTY && !table_is_empty(table, PTRS_PER_P4D, p4d_none)))
		return;

	arch_pg_table_clear_pgd(pgd);
	flush_detached(pgt, mode);
	disown(pgt, table);
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

/*
 * Table pages of a template are never freed while it exists: the tables that link
 * them are not told when they become empty.
 */
void pg_table_free_empty(struct pg_table *pgt, unsigned long addr, unsigned long end)
{
	if (pgt->kind != PG_TABLE_TEMPLATE)
		free_tables(pgt, addr, end, FREE_EMPTY);
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

	check_unlinked(ctx);
	if (pgt->kind == PG_TABLE_TEMPLATE) {
		free_tables(pgt, arch_pg_table_kernel_start, 0, FREE_ALL);
	} else if (pgt->kind == PG_TABLE_VIEW) {
		pg_table_end_view(pgt);
	} else {
		arch_pg_table_unpin(pgt);
		/* Without table pages, there is no need to walk the root. */
		if (ctx->nr_owned) {
			free_tables(pgt, 0, TASK_SIZE_MAX, FREE_ALL);
			if (ctx->claim_end)
				free_tables(pgt, ctx->claim_start, ctx->claim_end,
					    FREE_ALL);
		}
		pgd_free(pgt, pgt->pgd);
	}
	check_destroyed(ctx);
	kfree(ctx);
}

bool pg_table_range_is_own(struct pg_context *ctx, unsigned long addr,
			   unsigned long size)
{
	unsigned long end = addr + size;

	if (!size || !PAGE_ALIGNED(addr | size) || end < addr)
		return false;
	if (ctx->pgt.kind == PG_TABLE_VIEW)
		return false;
	if (ctx->pgt.kind == PG_TABLE_TEMPLATE)
		return addr >= arch_pg_table_kernel_start;
	return end <= TASK_SIZE_MAX ||
	       (addr >= ctx->claim_start && end <= ctx->claim_end);
}

/*
 * The walkers below allocate missing table pages on the way down. Table pages are
 * installed only under the mutex of the context, so their owner can be set after
 * they are visible.
 */
p4d_t *pg_table_get_p4d(struct pg_table *pgt, pgd_t *pgd, unsigned long addr)
{
	if (pgd_none(*pgd)) {
		if (__p4d_alloc(pgt, pgd, addr))
			return NULL;
		arch_pg_table_hide_pgd(pgd);
		pg_table_own(pgt, p4d_offset(pgd, 0));
	}
	return p4d_offset(pgd, addr);
}

pud_t *pg_table_get_pud(struct pg_table *pgt, p4d_t *p4d, unsigned long addr)
{
	if (p4d_none(*p4d)) {
		if (__pud_alloc(pgt, p4d, addr))
			return NULL;
		arch_pg_table_hide_p4d(p4d);
		pg_table_own(pgt, pud_offset(p4d, 0));
	}
	return pud_offset(p4d, addr);
}

pmd_t *pg_table_get_pmd(struct pg_table *pgt, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud)) {
		if (__pmd_alloc(pgt, pud, addr))
			return NULL;
		arch_pg_table_hide_pud(pud);
		pg_table_own(pgt, pmd_offset(pud, 0));
	}
	return pmd_offset(pud, addr);
}

static pte_t *alloc_pte_table(struct pg_table *pgt)
{
	pte_t *pte = pte_alloc_one_kernel(pgt);

	if (pte) {
		pg_table_own(pgt, pte);
		pg_table_inc_nr_ptes(pgt);
	}
	return pte;
}

pte_t *pg_table_get_pte(struct pg_table *pgt, pmd_t *pmd, unsigned long addr)
{
	pte_t *pte;

	if (pmd_none(*pmd)) {
		pte = alloc_pte_table(pgt);
		if (!pte)
			return NULL;
		spin_lock(&pgt->lock);
		pmd_populate_kernel(pgt, pmd, pte);
		arch_pg_table_hide_pmd(pmd);
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

	if (pmd_present(*pmd) &&
	    (pmd_leaf(*pmd) || !pg_table_owns(m->pgt, pte_offset_kernel(pmd, 0))))
		return -EEXIST;
	pte = pg_table_get_pte(m->pgt, pmd, addr);
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

	if (pud_present(*pud) && (pud_leaf(*pud) || pg_table_borrows_pmds(m->pgt, pud)))
		return -EEXIST;
	pmd = pg_table_get_pmd(m->pgt, pud, addr);
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

	if (p4d_present(*p4d) && pg_table_borrows_puds(m->pgt, p4d))
		return -EEXIST;
	pud = pg_table_get_pud(m->pgt, p4d, addr);
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

	p4d = pg_table_get_p4d(m->pgt, pgd, addr);
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

/*
 * An entry that points to a table page of another table is cleared as a whole.
 * split_at() has made sure that none of them is only partly in the range.
 */
static void unmap_pmds(struct pg_table *pgt, pud_t *pud, unsigned long addr,
		       unsigned long end)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;

	do {
		next = pmd_addr_end(addr, end);
		if (!pmd_present(*pmd))
			continue;
		if (pmd_leaf(*pmd) || !pg_table_owns(pgt, pte_offset_kernel(pmd, 0)))
			pmd_clear(pmd);
		else
			unmap_ptes(pmd, addr, next);
	} while (pmd++, addr = next, addr != end);
}

static void unmap_puds(struct pg_table *pgt, p4d_t *p4d, unsigned long addr,
		       unsigned long end)
{
	pud_t *pud = pud_offset(p4d, addr);
	unsigned long next;

	do {
		next = pud_addr_end(addr, end);
		if (!pud_present(*pud))
			continue;
		if (pud_leaf(*pud) || pg_table_borrows_pmds(pgt, pud))
			pud_clear(pud);
		else
			unmap_pmds(pgt, pud, addr, next);
	} while (pud++, addr = next, addr != end);
}

static void unmap_p4ds(struct pg_table *pgt, pgd_t *pgd, unsigned long addr,
		       unsigned long end)
{
	p4d_t *p4d = p4d_offset(pgd, addr);
	unsigned long next;

	do {
		next = p4d_addr_end(addr, end);
		if (!p4d_present(*p4d))
			continue;
		if (pg_table_borrows_puds(pgt, p4d))
			arch_pg_table_clear_p4d(p4d);
		else
			unmap_puds(pgt, p4d, addr, next);
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
			unmap_p4ds(pgt, pgd, addr, next);
	} while (pgd++, addr = next, addr != end);

	pg_table_flush(pgt);
	pg_table_free_empty(pgt, start, end);
}

static int write_range(struct mapping *m, unsigned long addr, unsigned long size)
{
	struct pg_context *ctx = pg_context(m->pgt);
	unsigned long start = addr, end = addr + size, next;
	pgd_t *pgd = pgd_offset_pgd(m->pgt->pgd, addr);
	int err;

	if (!pg_table_range_is_own(ctx, addr, size))
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
		pg_table_free_empty(m->pgt, start, end);
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

/* With @own, do not descend into table pages of other tables. */
static pte_t *lookup(struct pg_table *pgt, unsigned long addr,
		     unsigned long *size, bool own)
{
	pgd_t *pgd = pgd_offset_pgd(pgt->pgd, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	if (!pgd_present(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	*size = P4D_SIZE;
	if (!p4d_present(*p4d) || p4d_leaf(*p4d) || (own && pg_table_borrows_puds(pgt, p4d)))
		return (pte_t *)p4d;
	pud = pud_offset(p4d, addr);
	*size = PUD_SIZE;
	if (!pud_present(*pud) || pud_leaf(*pud) || (own && pg_table_borrows_pmds(pgt, pud)))
		return (pte_t *)pud;
	pmd = pmd_offset(pud, addr);
	*size = PMD_SIZE;
	pte = pmd_present(*pmd) && !pmd_leaf(*pmd) ? pte_offset_kernel(pmd, addr) : NULL;
	if (!pte || (own && !pg_table_owns(pgt, pte)))
		return (pte_t *)pmd;
	*size = PAGE_SIZE;
	return pte;
}

pte_t *pg_table_lookup(struct pg_table *pgt, unsigned long addr,
		       unsigned long *size)
{
	return lookup(pgt, addr, size, false);
}

pte_t *pg_table_lookup_own(struct pg_table *pgt, unsigned long addr,
			   unsigned long *size)
{
	return lookup(pgt, addr, size, true);
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
	arch_pg_table_hide_pmd(pmd);
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
	pg_table_own(pgt, pmd);
	pg_table_inc_nr_pmds(pgt);
	for (i = 0; i < PTRS_PER_PMD; i++)
		pmd_set_huge(pmd + i, phys + i * PMD_SIZE, prot);
	pud_populate(pgt, pud, pmd);
	arch_pg_table_hide_pud(pud);
	return 0;
}

/* Split the entry that maps @addr until @addr is at the beginning of an entry. */
static int split_at(struct pg_table *pgt, unsigned long addr)
{
	unsigned long size;
	pte_t *entry;
	int err = 0;

	for (;;) {
		entry = pg_table_lookup_own(pgt, addr, &size);
		if (!entry || !pte_present(ptep_get(entry)) || IS_ALIGNED(addr, size))
			return err;
		if (size == PMD_SIZE && pmd_leaf(*(pmd_t *)entry))
			err = split_pmd(pgt, (pmd_t *)entry);
		else if (size == PUD_SIZE && pud_leaf(*(pud_t *)entry))
			err = split_pud(pgt, (pud_t *)entry, addr);
		else
			err = -EBUSY;
		if (err)
			return err;
	}
}

int pg_table_unmap(struct pg_table *pgt, unsigned long addr, unsigned long size)
{
	struct pg_context *ctx = pg_context(pgt);
	int err;

	if (!pg_table_range_is_own(ctx, addr, size))
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
