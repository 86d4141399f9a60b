/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the KUnit suites of page tables without an mm. */
#ifndef _MM_TESTS_PG_TABLE_KUNIT_H
#define _MM_TESTS_PG_TABLE_KUNIT_H

#include <kunit/test.h>

#include <linux/fault-inject.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>

#include <linux/pg_table_internal.h>

/* Physical addresses are only written into entries, so any will do. */
#define PHYS	((phys_addr_t)PUD_SIZE)

static inline void put(void *pgt)
{
	pg_table_put(pgt);
}

static inline struct pg_table *create(struct kunit *test)
{
	struct pg_table *pgt = pg_table_create(test->name);

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, pgt));
	return pgt;
}

/* Allocate a page that begins with @value. */
static inline u64 *page(struct kunit *test, u64 value)
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
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_mm, mm));
	return mm;
}

static inline long bytes(struct pg_table *pgt)
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
 * more. If it succeeds nevertheless, the allocation belonged to a debugging tool,
 * such as kmemleak, and @undo reverts what @step did. Return the number of failures
 * that @step reported.
 */
static inline int fail_each(struct kunit *test, int (*step)(struct pg_table *pgt),
			    void (*undo)(struct pg_table *pgt), struct pg_table *pgt)
{
	long before = pgt ? bytes(pgt) : 0;
	unsigned int nth, failed = 0;
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
		if (!err) {
			undo(pgt);
		} else {
			KUNIT_EXPECT_EQ_MSG(test, err, -ENOMEM, "allocation %u", nth);
			failed++;
		}
		if (pgt)
			KUNIT_EXPECT_EQ_MSG(test, bytes(pgt), before, "allocation %u", nth);
	}
	KUNIT_FAIL(test, "more than 1000 allocations");
	return 0;
}
#endif

#endif /* _MM_TESTS_PG_TABLE_KUNIT_H */
