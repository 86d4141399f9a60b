// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the functions that allocate, link, lock, count and free
 * page-table pages, on every architecture and with any number of levels.
 */

#include <kunit/test.h>

#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/pgtable.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>

#include <asm/tlb.h>

/* The end of user space. On s390 it can grow, and the table gets more levels. */
static unsigned long end_of(struct mm_struct *mm)
{
#ifdef CONFIG_S390
	return mm->context.asce_limit;
#else
	return TASK_SIZE;
#endif
}

static void free_all(struct mm_struct *mm)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, FIRST_USER_ADDRESS, end_of(mm), FIRST_USER_ADDRESS,
		       USER_PGTABLES_CEILING);
	tlb_finish_mmu(&tlb);
}

/* mmput() frees table pages only below VMAs, and these tests have none. */
static void put(void *mm)
{
	free_all(mm);
	mmput(mm);
}

static struct mm_struct *get(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, mm));
	return mm;
}

static long bytes(struct mm_struct *mm)
{
	return atomic_long_read(&mm->pgt.pgtables_bytes);
}

static bool has_pmd_pages(struct mm_struct *mm)
{
	return !pg_table_pmd_folded(&mm->pgt);
}

static bool has_pud_pages(struct mm_struct *mm)
{
	return !pg_table_pud_folded(&mm->pgt);
}

static bool has_p4d_pages(struct mm_struct *mm)
{
	return !pg_table_p4d_folded(&mm->pgt);
}

/* x86 with PAE allocates the PMD pages together with the root. */
static bool pmd_pages_come_with_root(void)
{
	return IS_ENABLED(CONFIG_X86_PAE);
}

/* fill: allocate all levels down to the PTE page of @addr; NULL if that fails. */
static pmd_t *fill(struct mm_struct *mm, unsigned long addr)
{
	struct pg_table *pgt = &mm->pgt;
	p4d_t *p4d = p4d_alloc(pgt, pgd_offset(mm, addr), addr);
	pud_t *pud = p4d ? pud_alloc(pgt, p4d, addr) : NULL;
	pmd_t *pmd = pud ? pmd_alloc(pgt, pud, addr) : NULL;

	return pmd && !pte_alloc(pgt, pmd) ? pmd : NULL;
}

/* walk: find the entry that points to the PTE page of @addr, without allocating. */
static pmd_t *walk(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	return pmd_none(*pmd) || pmd_bad(*pmd) ? NULL : pmd;
}

/* Free only the PTE page of @addr: the pages above it may be in use. */
static void free_lowest(struct mm_struct *mm, unsigned long addr)
{
	struct mmu_gather tlb;

	addr &= PMD_MASK;
	tlb_gather_mmu(&tlb, mm);
	free_pgd_range(&tlb, addr, addr + PMD_SIZE, addr, addr + PMD_SIZE);
	tlb_finish_mmu(&tlb);
}

/* Count the table pages, each for 1 << @shift bytes, that the addresses need. */
static long pages(const unsigned long *addr, unsigned int n, unsigned int shift)
{
	unsigned int i, j;
	long count = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++)
			if (addr[j] >> shift == addr[i] >> shift)
				break;
		count += j == i;
	}
	return count;
}

/* What pgtables_bytes has to be, counted in a different way. */
static long model(struct mm_struct *mm, const unsigned long *addr, unsigned int n)
{
	long sum = pages(addr, n, PMD_SHIFT) * PTRS_PER_PTE * sizeof(pte_t);

	if (has_pmd_pages(mm) && !pmd_pages_come_with_root())
		sum += pages(addr, n, PUD_SHIFT) * PTRS_PER_PMD * sizeof(pmd_t);
	if (has_pud_pages(mm))
		sum += pages(addr, n, P4D_SHIFT) * PTRS_PER_PUD * sizeof(pud_t);
	return sum;
}

static void boundaries_of_each_level(struct kunit *test)
{
	struct mm_struct *mm = get(test);
	const unsigned long end = end_of(mm), wanted[] = {
		FIRST_USER_ADDRESS, end - PAGE_SIZE, end - PMD_SIZE,
		PMD_SIZE - PAGE_SIZE, PMD_SIZE, PUD_SIZE - PAGE_SIZE, PUD_SIZE,
		P4D_SIZE - PAGE_SIZE, P4D_SIZE, PGDIR_SIZE - PAGE_SIZE, PGDIR_SIZE,
		end / 2 - PAGE_SIZE, end / 2,
	};
	const long empty = bytes(mm);
	unsigned long addr[ARRAY_SIZE(wanted)];
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (wanted[i] < FIRST_USER_ADDRESS || wanted[i] >= end)
			continue;
		addr[n++] = wanted[i];
		KUNIT_ASSERT_NOT_NULL_MSG(test, fill(mm, wanted[i]), "at %lx", wanted[i]);
		KUNIT_EXPECT_NOT_NULL_MSG(test, walk(mm, wanted[i]), "at %lx", wanted[i]);
		KUNIT_EXPECT_EQ_MSG(test, bytes(mm), empty + model(mm, addr, n),
				    "at %lx", wanted[i]);
	}
	KUNIT_EXPECT_GE(test, n, 5);
}

#define COUNT	64

/* Random addresses, many of which share a table page at each level. */
static u32 random_addresses(struct mm_struct *mm, unsigned long *addr)
{
	u32 seed = get_random_u32();
	struct rnd_state state;
	unsigned int i;
	u32 r;

	prandom_seed_state(&state, seed);
	for (i = 0; i < COUNT; i++) {
		r = prandom_u32_state(&state);
		addr[i] = ((unsigned long)(r & 3) << PMD_SHIFT) +
			((unsigned long)(r >> 2 & 3) << PUD_SHIFT) +
			((unsigned long)(r >> 4 & 3) << P4D_SHIFT) +
			((unsigned long)(r >> 6 & 3) << PGDIR_SHIFT) +
			((unsigned long)(r >> 8 & 255) << PAGE_SHIFT);
		addr[i] = max(addr[i] % end_of(mm), FIRST_USER_ADDRESS);
	}
	return seed;
}

static void random_addresses_match_model(struct kunit *test)
{
	unsigned long *addr = kunit_kcalloc(test, COUNT, sizeof(*addr), GFP_KERNEL);
	struct mm_struct *mm = get(test);
	const long empty = bytes(mm), page = PTRS_PER_PTE * sizeof(pte_t);
	long has, all;
	unsigned int i, j;
	u32 seed;

	KUNIT_ASSERT_NOT_NULL(test, addr);
	seed = random_addresses(mm, addr);
	kunit_info(test, "seed %u", seed);

	for (i = 0; i < COUNT; i++) {
		KUNIT_ASSERT_NOT_NULL(test, fill(mm, addr[i]));
		KUNIT_ASSERT_EQ_MSG(test, bytes(mm), empty + model(mm, addr, i + 1),
				    "seed %u: address %u", seed, i);
	}

	/* Existing pages are not allocated again. */
	all = bytes(mm);
	for (i = 0; i < COUNT; i++)
		KUNIT_ASSERT_NOT_NULL(test, fill(mm, addr[i]));
	KUNIT_EXPECT_EQ_MSG(test, bytes(mm), all, "seed %u", seed);

	/* Two addresses have the same PTE page if and only if they should. */
	for (i = 0; i < COUNT; i++) {
		for (j = 0; j < i; j++) {
			pmd_t *a = walk(mm, addr[i]), *b = walk(mm, addr[j]);

			KUNIT_ASSERT_TRUE_MSG(test, a && b, "seed %u: addresses %u and %u",
					      seed, i, j);
			KUNIT_ASSERT_EQ_MSG(test, pmd_pgtable(*a) == pmd_pgtable(*b),
					    addr[i] >> PMD_SHIFT == addr[j] >> PMD_SHIFT,
					    "seed %u: addresses %u and %u", seed, i, j);
		}
	}

	/* Freeing one leaves the others. */
	for (i = 0; i < COUNT; i++) {
		has = bytes(mm);
		if (walk(mm, addr[i]))
			has -= page;
		free_lowest(mm, addr[i]);
		KUNIT_ASSERT_NULL_MSG(test, walk(mm, addr[i]), "seed %u: address %u", seed, i);
		KUNIT_ASSERT_EQ_MSG(test, bytes(mm), has, "seed %u: address %u", seed, i);
	}
	KUNIT_EXPECT_EQ_MSG(test, bytes(mm), all - pages(addr, COUNT, PMD_SHIFT) * page,
			    "seed %u", seed);

	/* This also frees pages that were allocated with the root. */
	free_all(mm);
	if (!pmd_pages_come_with_root())
		KUNIT_EXPECT_EQ_MSG(test, bytes(mm), empty, "seed %u", seed);
	for (i = 0; i < COUNT; i++)
		KUNIT_EXPECT_NULL_MSG(test, walk(mm, addr[i]), "seed %u", seed);
}

#define TIMES	2000

/* If another thread has populated the entry, the new page is freed. */
static void lost_race_frees_new_page(struct kunit *test)
{
	struct mm_struct *mm = get(test);
	struct pg_table *pgt = &mm->pgt;
	const unsigned long addr = FIRST_USER_ADDRESS + PMD_SIZE;
	unsigned long before, after;
	pgtable_t page;
	unsigned int i;
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	long has;

	pmd = fill(mm, addr);
	KUNIT_ASSERT_NOT_NULL(test, pmd);
	pgd = pgd_offset(mm, addr);
	p4d = p4d_offset(pgd, addr);
	pud = pud_offset(p4d, addr);
	page = pmd_pgtable(*pmd);
	has = bytes(mm);
	drain_all_pages(NULL);
	before = global_zone_page_state(NR_FREE_PAGES);

	for (i = 0; i < TIMES; i++) {
		if (has_p4d_pages(mm))
			KUNIT_ASSERT_EQ(test, 0, __p4d_alloc(pgt, pgd, addr));
		if (has_pud_pages(mm))
			KUNIT_ASSERT_EQ(test, 0, __pud_alloc(pgt, p4d, addr));
		if (has_pmd_pages(mm))
			KUNIT_ASSERT_EQ(test, 0, __pmd_alloc(pgt, pud, addr));
		KUNIT_ASSERT_EQ(test, 0, __pte_alloc(pgt, pmd));
	}
	drain_all_pages(NULL);
	after = global_zone_page_state(NR_FREE_PAGES);

	KUNIT_EXPECT_EQ(test, bytes(mm), has);
	KUNIT_EXPECT_PTR_EQ(test, walk(mm, addr), pmd);
	KUNIT_EXPECT_TRUE(test, pmd_pgtable(*pmd) == page);
	/* Losing one page each time would exceed the tolerance. */
	KUNIT_EXPECT_GT(test, after + TIMES / 2, before);
}

#ifdef CONFIG_S390
/* Raising the limit of the address space adds two levels on top. */
static void live_table_grows(struct kunit *test)
{
	struct mm_struct *mm = get(test);
	const unsigned long addr[] = {
		PAGE_SIZE, end_of(mm) - PAGE_SIZE, TASK_SIZE_MAX - PAGE_SIZE,
	};
	const long empty = bytes(mm);
	pgtable_t page;

	KUNIT_ASSERT_TRUE(test, !has_p4d_pages(mm) && !has_pud_pages(mm));
	KUNIT_ASSERT_NOT_NULL(test, fill(mm, addr[0]));
	KUNIT_ASSERT_NOT_NULL(test, fill(mm, addr[1]));
	KUNIT_EXPECT_EQ(test, bytes(mm), empty + model(mm, addr, 2));
	page = pmd_pgtable(*walk(mm, addr[1]));

	KUNIT_ASSERT_EQ(test, 0, crst_table_upgrade(mm, TASK_SIZE_MAX));
	KUNIT_EXPECT_TRUE(test, has_p4d_pages(mm) && has_pud_pages(mm));
	KUNIT_EXPECT_EQ(test, bytes(mm), empty + model(mm, addr, 2));
	KUNIT_EXPECT_NOT_NULL(test, walk(mm, addr[0]));
	KUNIT_ASSERT_NOT_NULL(test, walk(mm, addr[1]));
	KUNIT_EXPECT_TRUE(test, pmd_pgtable(*walk(mm, addr[1])) == page);
	KUNIT_EXPECT_NULL(test, walk(mm, addr[2]));

	KUNIT_ASSERT_NOT_NULL(test, fill(mm, addr[2]));
	KUNIT_EXPECT_NOT_NULL(test, walk(mm, addr[2]));
	KUNIT_EXPECT_EQ(test, bytes(mm), empty + model(mm, addr, 3));
	free_all(mm);
	KUNIT_EXPECT_EQ(test, bytes(mm), empty);
}
#endif

static void locks_belong_to_table(struct kunit *test)
{
	struct mm_struct *mm = get(test), *other = get(test);
	struct pg_table *pgt = &mm->pgt;
	const unsigned long addr = FIRST_USER_ADDRESS + PMD_SIZE;
	pmd_t *a = fill(mm, addr), *b = fill(mm, addr + PMD_SIZE), *c = fill(other, addr);
	spinlock_t *ptl = NULL;
	pte_t *pte;

	KUNIT_ASSERT_TRUE(test, a && b && c);
	if (IS_ENABLED(CONFIG_SPLIT_PTE_PTLOCKS)) {
		KUNIT_EXPECT_PTR_NE(test, pte_lockptr(pgt, a), pte_lockptr(pgt, b));
		KUNIT_EXPECT_PTR_NE(test, pte_lockptr(pgt, a), &pgt->lock);
	} else {
		KUNIT_EXPECT_PTR_EQ(test, pte_lockptr(pgt, a), &pgt->lock);
	}
	if (!IS_ENABLED(CONFIG_SPLIT_PMD_PTLOCKS))
		KUNIT_EXPECT_PTR_EQ(test, pmd_lockptr(pgt, a), &pgt->lock);
	else
		KUNIT_EXPECT_PTR_NE(test, pmd_lockptr(pgt, a), &pgt->lock);
	KUNIT_EXPECT_PTR_NE(test, pmd_lockptr(pgt, a), pmd_lockptr(&other->pgt, c));
	KUNIT_EXPECT_PTR_NE(test, pte_lockptr(pgt, a), pte_lockptr(&other->pgt, c));

	pte = pte_alloc_map_lock(pgt, a, addr, &ptl);
	KUNIT_ASSERT_NOT_NULL(test, pte);
	KUNIT_EXPECT_PTR_EQ(test, ptl, pte_lockptr(pgt, a));
	KUNIT_EXPECT_TRUE(test, pte_none(ptep_get(pte)));
	pte_unmap_unlock(pte, ptl);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Let the first, the second, ... allocation fail, until there are no more. By
 * default, fault injection ignores these allocations; its files in debugfs change
 * that. The number of failures is printed, so that a run without any shows.
 */
static void failures_keep_accounting(struct kunit *test)
{
	unsigned int nth, failed = 0;
	struct mm_struct *mm;
	long empty;
	pmd_t *pmd;
	int left;

	for (nth = 1, left = 0; !left; nth++) {
		KUNIT_ASSERT_LT(test, nth, 1000);
		mm = mm_alloc();
		KUNIT_ASSERT_NOT_NULL(test, mm);
		empty = bytes(mm);
		WRITE_ONCE(current->fail_nth, nth);
		pmd = fill(mm, PMD_SIZE);
		left = READ_ONCE(current->fail_nth);
		WRITE_ONCE(current->fail_nth, 0);
		failed += !pmd;
		if (left)
			KUNIT_EXPECT_NOT_NULL_MSG(test, pmd, "allocation %u", nth);
		if (!pmd)
			KUNIT_EXPECT_NULL_MSG(test, walk(mm, PMD_SIZE), "allocation %u", nth);
		KUNIT_EXPECT_NOT_NULL_MSG(test, fill(mm, PMD_SIZE), "allocation %u", nth);
		KUNIT_EXPECT_EQ_MSG(test, bytes(mm),
				    empty + model(mm, &(unsigned long){ PMD_SIZE }, 1),
				    "allocation %u", nth);
		put(mm);
	}
	kunit_info(test, "%u allocations failed, one at a time", failed);
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(boundaries_of_each_level),
	KUNIT_CASE(random_addresses_match_model),
	KUNIT_CASE(lost_race_frees_new_page),
#ifdef CONFIG_S390
	KUNIT_CASE(live_table_grows),
#endif
	KUNIT_CASE(locks_belong_to_table),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(failures_keep_accounting),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "pg_table_ladder",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of the page-table functions that take a table");
MODULE_LICENSE("GPL");
