/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the KUnit suites of page tables without an mm. */
#ifndef _KUNIT_PG_TABLE_H
#define _KUNIT_PG_TABLE_H

#include <kunit/test.h>

#include <linux/fault-inject.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include <linux/pg_table_internal.h>

/* Physical addresses are only written into entries, so any will do. */
#define PHYS	((phys_addr_t)PUD_SIZE)

static inline void put_context(void *pgt)
{
	pg_table_put(pgt);
}

static inline struct pg_table *new_context(struct kunit *test)
{
	struct pg_table *pgt = pg_table_create(test->name);

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_context, pgt));
	return pgt;
}

static inline void free_root(void *root)
{
	free_page((unsigned long)root);
}

/* Create a template that maps nothing. */
static inline struct pg_table *new_template(struct kunit *test)
{
	pgd_t *root = (pgd_t *)get_zeroed_page(GFP_KERNEL);
	struct pg_table *pgt;

	KUNIT_ASSERT_NOT_NULL(test, root);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_root, root));
	pgt = pg_table_create_template(test->name, root);
	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_context, pgt));
	return pgt;
}

/* Allocate a page that begins with @value. */
static inline u64 *new_page(struct kunit *test, u64 value)
{
	u64 *p = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_TRUE(test, PAGE_ALIGNED(p));
	*p = value;
	return p;
}

static inline void put_mm(void *mm)
{
	mmput(mm);
}

static inline struct mm_struct *new_mm(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	/* Xen PV loads only what is pinned; exit_mmap() undoes it. */
	arch_pg_table_pin(&mm->pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_mm, mm));
	return mm;
}

/* Create an mm and use it in this thread, until kthread_unuse_mm(). */
static inline struct mm_struct *use_new_mm(struct kunit *test)
{
	struct mm_struct *mm = new_mm(test);

	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	return mm;
}

static inline long pgtables_bytes(struct pg_table *pgt)
{
	return atomic_long_read(&pgt->pgtables_bytes);
}

/* translate: find what @addr is mapped to; false if it is not mapped. */
static inline bool translate(struct pg_table *pgt, unsigned long addr, phys_addr_t *phys,
			     unsigned long *size)
{
	pte_t *entry = pg_table_lookup(pgt, addr, size);

	if (!entry || !pte_present(ptep_get(entry)))
		return false;
	if (*size == PAGE_SIZE)
		*phys = PFN_PHYS((phys_addr_t)pte_pfn(ptep_get(entry)));
	else if (*size == PMD_SIZE)
		*phys = PFN_PHYS((phys_addr_t)pmd_pfn(*(pmd_t *)entry));
	else
		*phys = PFN_PHYS((phys_addr_t)pud_pfn(*(pud_t *)entry));
	*phys += addr & (*size - 1);
	return true;
}

static inline void expect_mapped(struct kunit *test, struct pg_table *pgt,
				 unsigned long addr, phys_addr_t phys)
{
	unsigned long size = 0;
	phys_addr_t is = 0;

	KUNIT_EXPECT_TRUE_MSG(test, translate(pgt, addr, &is, &size),
			      "%lx is not mapped", addr);
	KUNIT_EXPECT_EQ_MSG(test, is, phys, "at %lx", addr);
}

static inline void expect_unmapped(struct kunit *test, struct pg_table *pgt,
				   unsigned long addr)
{
	unsigned long size;
	phys_addr_t is;

	KUNIT_EXPECT_FALSE_MSG(test, translate(pgt, addr, &is, &size),
			       "%lx is mapped", addr);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Run @step with its first, second, ... allocation failing, until there are no
 * more. If it succeeds nevertheless, @undo reverts what @step did. Either the slab
 * allocator fell back to a smaller page, so the same number fails @step now, or the
 * allocation belonged to a debugging tool, such as kmemleak, which never does. Return
 * the number of failures that @step reported.
 */
static inline int fail_each(struct kunit *test, int (*step)(struct pg_table *pgt),
			    void (*undo)(struct pg_table *pgt), struct pg_table *pgt)
{
	long before = pgt ? pgtables_bytes(pgt) : 0;
	unsigned int nth, failed = 0, again = 0;
	int err, left;

	for (nth = 1; nth < 1000; nth++) {
		WRITE_ONCE(current->fail_nth, nth);
		err = step(pgt);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		if (left) {
			KUNIT_EXPECT_EQ(test, err, 0);
			return failed;
		}
		if (err) {
			KUNIT_EXPECT_EQ_MSG(test, err, -ENOMEM, "allocation %u", nth);
			failed++;
			again = 0;
		} else {
			undo(pgt);
			again = (again + 1) % 3;
		}
		if (pgt)
			KUNIT_EXPECT_EQ_MSG(test, pgtables_bytes(pgt), before,
					    "allocation %u", nth);
		if (again)
			nth--;
	}
	KUNIT_FAIL(test, "more than 1000 allocations");
	return 0;
}
#endif

/*
 * What a table is made of, by a walk of the tests' own: its table pages, and a digest
 * of every leaf and link, and of where it is.
 */
struct census {
	long pages;	/* its own table pages */
	long bytes;	/* of those that pgtables_bytes counts */
	long empty;	/* of them without an entry */
	u64 digest;
};

static inline void census_note(struct census *c, unsigned long addr, unsigned long unit,
			       u64 value)
{
	c->digest = (c->digest + value + addr + unit) * 0x9e3779b97f4a7c15ULL;
	c->digest ^= c->digest >> 29;
}

static inline void census_page(struct census *c, unsigned long counted, unsigned int used)
{
	c->pages++;
	c->bytes += counted;
	c->empty += !used;
}

static inline void census_ptes(struct census *c, pte_t *table, unsigned long addr)
{
	unsigned int i, used = 0;

	for (i = 0; i < PTRS_PER_PTE; i++) {
		if (pte_none(ptep_get(table + i)))
			continue;
		used++;
		census_note(c, addr + i * PAGE_SIZE, PAGE_SIZE, pte_val(ptep_get(table + i)));
	}
	census_page(c, PTRS_PER_PTE * sizeof(pte_t), used);
}

static inline void census_pmds(struct census *c, struct pg_table *pgt, pmd_t *table,
			       unsigned long addr)
{
	unsigned int i, used = 0;
	pte_t *below;

	for (i = 0; i < PTRS_PER_PMD; i++, addr += PMD_SIZE) {
		if (pmd_none(table[i]))
			continue;
		used++;
		below = pmd_present(table[i]) && !pmd_leaf(table[i]) ?
			pte_offset_kernel(table + i, 0) : NULL;
		if (below && pg_table_owns(pgt, below))
			census_ptes(c, below, addr);
		else
			census_note(c, addr, PMD_SIZE, pmd_val(table[i]));
	}
	if (!pg_table_pmd_folded(pgt) && pg_table_owns(pgt, table))
		census_page(c, PTRS_PER_PMD * sizeof(pmd_t), used);
}

static inline void census_puds(struct census *c, struct pg_table *pgt, pud_t *table,
			       unsigned long addr)
{
	unsigned int i, used = 0;

	for (i = 0; i < PTRS_PER_PUD; i++, addr += PUD_SIZE) {
		if (pud_none(table[i]))
			continue;
		used++;
		if (pud_present(table[i]) && !pud_leaf(table[i]) &&
		    !pg_table_borrows_pmds(pgt, table + i))
			census_pmds(c, pgt, pmd_offset(table + i, 0), addr);
		else
			census_note(c, addr, PUD_SIZE, pud_val(table[i]));
	}
	if (!pg_table_pud_folded(pgt) && pg_table_owns(pgt, table))
		census_page(c, PTRS_PER_PUD * sizeof(pud_t), used);
}

static inline void census_p4ds(struct census *c, struct pg_table *pgt, p4d_t *table,
			       unsigned long addr)
{
	unsigned int i, used = 0;

	for (i = 0; i < PTRS_PER_P4D; i++, addr += P4D_SIZE) {
		if (p4d_none(table[i]))
			continue;
		used++;
		if (!pg_table_borrows_puds(pgt, table + i))
			census_puds(c, pgt, pud_offset(table + i, 0), addr);
		else
			census_note(c, addr, P4D_SIZE, p4d_val(table[i]));
	}
	/* pgtables_bytes does not count these. */
	if (!pg_table_p4d_folded(pgt) && pg_table_owns(pgt, table))
		census_page(c, 0, used);
}

/* Of the lower half. User-mode Linux has links to the kernel's table pages there. */
static inline struct census census(struct pg_table *pgt)
{
	struct census c = { };
	unsigned int i;

	for (i = 0; i <= pgd_index(TASK_SIZE_MAX - 1); i++)
		if (pgd_present(pgt->pgd[i]) &&
		    (!IS_ENABLED(CONFIG_UML) || pgd_none(init_mm.pgt.pgd[i])))
			census_p4ds(&c, pgt, p4d_offset(pgt->pgd + i, 0), i * PGDIR_SIZE);
	return c;
}

/* @root_bytes: what an empty table has. Return what the table is made of. */
static inline struct census expect_accounted(struct kunit *test, struct pg_table *pgt,
					     long root_bytes)
{
	struct census c = census(pgt);

	KUNIT_EXPECT_EQ(test, c.pages, pg_context(pgt)->nr_owned);
	KUNIT_EXPECT_EQ(test, c.bytes, pgtables_bytes(pgt) - root_bytes);
	return c;
}

/* Whether allocations fail when they are told to; see allocation_failures(). */
static inline void fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, nth);
#endif
}

#endif /* _KUNIT_PG_TABLE_H */
