// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of struct pg_table as a member of mm_struct.
 */

#include <kunit/test.h>

#include <linux/mm.h>
#include <linux/pg_table.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>

static void pg_table_put_mm(void *mm)
{
	mmput(mm);
}

static struct mm_struct *pg_table_get_mm(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pg_table_put_mm, mm));
	return mm;
}

static void pg_table_expect_unlocked(struct kunit *test, struct pg_table *pgt)
{
	bool locked = spin_trylock(&pgt->lock);

	if (locked)
		spin_unlock(&pgt->lock);
	KUNIT_EXPECT_TRUE(test, locked);
}

static void pg_table_init_mm_root(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, init_mm.pgt.pgd, &swapper_pg_dir[0]);
}

static void pg_table_new_mm_is_empty(struct kunit *test)
{
	struct mm_struct *mm = pg_table_get_mm(test);

	KUNIT_EXPECT_NOT_NULL(test, mm->pgt.pgd);
	KUNIT_EXPECT_PTR_NE(test, mm->pgt.pgd, init_mm.pgt.pgd);
	/* x86 with PAE allocates the PMD pages together with the root. */
	if (!IS_ENABLED(CONFIG_X86_PAE))
		KUNIT_EXPECT_EQ(test, 0, mm_pgtables_bytes(mm));
	pg_table_expect_unlocked(test, &mm->pgt);
}

static void pg_table_roots_differ(struct kunit *test)
{
	struct mm_struct *a = pg_table_get_mm(test);
	struct mm_struct *b = pg_table_get_mm(test);

	KUNIT_EXPECT_PTR_NE(test, a->pgt.pgd, b->pgt.pgd);
	KUNIT_EXPECT_PTR_NE(test, &a->pgt.lock, &b->pgt.lock);
}

static void pg_table_walk_starts_at_root(struct kunit *test)
{
	struct mm_struct *mm = pg_table_get_mm(test);

	KUNIT_EXPECT_PTR_EQ(test, pgd_offset(mm, 0), mm->pgt.pgd);
	/* s390 starts with three levels, whatever PGDIR_SIZE says. */
	if (!IS_ENABLED(CONFIG_S390))
		KUNIT_EXPECT_PTR_EQ(test, pgd_offset(mm, PGDIR_SIZE), mm->pgt.pgd + 1);
}

static void pg_table_accounting_balances(struct kunit *test)
{
	struct mm_struct *mm = pg_table_get_mm(test);
	const unsigned long bytes = PTRS_PER_PTE * sizeof(pte_t);
	const unsigned long empty = mm_pgtables_bytes(mm);

	pg_table_inc_nr_ptes(&mm->pgt);
	KUNIT_EXPECT_EQ(test, empty + bytes, atomic_long_read(&mm->pgt.pgtables_bytes));
	pg_table_inc_nr_ptes(&mm->pgt);
	KUNIT_EXPECT_EQ(test, empty + 2 * bytes, mm_pgtables_bytes(mm));
	pg_table_dec_nr_ptes(&mm->pgt);
	pg_table_dec_nr_ptes(&mm->pgt);
	KUNIT_EXPECT_EQ(test, empty, mm_pgtables_bytes(mm));
}

static struct kunit_case pg_table_cases[] = {
	KUNIT_CASE(pg_table_init_mm_root),
	KUNIT_CASE(pg_table_new_mm_is_empty),
	KUNIT_CASE(pg_table_roots_differ),
	KUNIT_CASE(pg_table_walk_starts_at_root),
	KUNIT_CASE(pg_table_accounting_balances),
	{}
};

static struct kunit_suite pg_table_suite = {
	.name = "pg_table",
	.test_cases = pg_table_cases,
};

kunit_test_suite(pg_table_suite);

MODULE_DESCRIPTION("KUnit tests of struct pg_table");
MODULE_LICENSE("GPL");
