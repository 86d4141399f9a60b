// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of contexts: lifetime, mapping, errors, and failing allocations.
 */

#include <kunit/pg_table.h>
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#include <trace/events/kmem.h>

#define ADDR	((unsigned long)PUD_SIZE)

/* A boundary between entries at all levels, if the lower half has one. */
#if CONFIG_PGTABLE_LEVELS > 3
#define EDGE	((unsigned long)PGDIR_SIZE)
#else
#define EDGE	(2UL * PMD_SIZE)
#endif

static void context_is_empty(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size, i;

	KUNIT_EXPECT_TRUE(test, pg_table_is_standalone(pgt));
	KUNIT_EXPECT_FALSE(test, pg_table_is_standalone(&init_mm.pgt));
	KUNIT_EXPECT_PTR_NE(test, pgt->pgd, init_mm.pgt.pgd);
	for (i = 0; i < pgd_index(TASK_SIZE_MAX - 1); i++)
		expect_unmapped(test, pgt, i * PGDIR_SIZE);
	KUNIT_EXPECT_TRUE(test, !pg_table_lookup(pgt, ADDR, &size) || size > PAGE_SIZE);
}

/* Only the table pages of processes are charged to a memory cgroup. */
static void only_process_tables_are_charged(struct kunit *test)
{
	struct mm_struct *mm = new_mm(test);

	KUNIT_EXPECT_FALSE(test, pg_table_gfp(&init_mm.pgt) & __GFP_ACCOUNT);
	KUNIT_EXPECT_FALSE(test, pg_table_gfp(new_context(test)) & __GFP_ACCOUNT);
	KUNIT_EXPECT_TRUE(test, pg_table_gfp(&mm->pgt) & __GFP_ACCOUNT);
}

struct allocations {
	struct task_struct *task;
	unsigned int count;
	gfp_t flags;	/* of any */
};

static void note_allocation(void *data, struct page *page, unsigned int order, gfp_t gfp,
			    int migratetype)
{
	struct allocations *a = data;

	if (!in_task() || current != a->task)
		return;
	a->count++;
	a->flags |= gfp;
}

/* What is allocated, the root included, and not only what pg_table_gfp() says. */
static void pages_of_context_are_not_charged(struct kunit *test)
{
	struct allocations context = { .task = current }, process = { .task = current };
	struct pg_table *pgt;
	struct mm_struct *mm;
	int err = -ENOMEM;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "needs tracepoints");

	KUNIT_ASSERT_EQ(test, 0, register_trace_mm_page_alloc(note_allocation, &context));
	pgt = pg_table_create(test->name);
	if (pgt)
		err = pg_table_map(pgt, ADDR, PHYS, PAGE_SIZE, PAGE_KERNEL);
	unregister_trace_mm_page_alloc(note_allocation, &context);
	pg_table_put(pgt);
	KUNIT_EXPECT_EQ(test, err, 0);

	KUNIT_EXPECT_EQ(test, 0, register_trace_mm_page_alloc(note_allocation, &process));
	mm = mm_alloc();
	unregister_trace_mm_page_alloc(note_allocation, &process);
	if (mm)
		mmput(mm);
	tracepoint_synchronize_unregister();

	KUNIT_EXPECT_GT(test, context.count, 1);
	KUNIT_EXPECT_EQ(test, 0, context.flags & __GFP_ACCOUNT);
	KUNIT_EXPECT_NE(test, 0, process.flags & __GFP_ACCOUNT);
}

static void reference_keeps_context(struct kunit *test)
{
	struct pg_table *pgt = pg_table_create(test->name);

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	pg_table_get(pgt);
	pg_table_put(pgt);
	KUNIT_EXPECT_EQ(test, 1, refcount_read(&pg_context(pgt)->users));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, PAGE_SIZE, PAGE_KERNEL));
	expect_mapped(test, pgt, ADDR, PHYS);
	pg_table_put(pgt);
	pg_table_put(NULL);
}

static void map_one_page(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	long empty = pgtables_bytes(pgt);

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, PAGE_SIZE, PAGE_KERNEL));
	expect_unmapped(test, pgt, ADDR - PAGE_SIZE);
	expect_mapped(test, pgt, ADDR, PHYS);
	expect_unmapped(test, pgt, ADDR + PAGE_SIZE);
	KUNIT_EXPECT_GT(test, pgtables_bytes(pgt), empty);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, ADDR, PAGE_SIZE));
	expect_unmapped(test, pgt, ADDR);
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
}

static void table_pages_have_owner(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size;
	pte_t *pte;

	KUNIT_ASSERT_EQ(test, 0, pg_table_populate(pgt, ADDR, PAGE_SIZE));
	pte = pg_table_lookup(pgt, ADDR, &size);
	KUNIT_ASSERT_EQ(test, size, PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, virt_to_ptdesc(pte)->pt_owner, pgt);
}

static void populate_maps_nothing(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size;
	long has;

	KUNIT_ASSERT_EQ(test, 0, pg_table_populate(pgt, EDGE - PAGE_SIZE, 2 * PAGE_SIZE));
	KUNIT_ASSERT_NOT_NULL(test, pg_table_lookup(pgt, EDGE - PAGE_SIZE, &size));
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, pg_table_lookup(pgt, EDGE, &size));
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	expect_unmapped(test, pgt, EDGE - PAGE_SIZE);
	expect_unmapped(test, pgt, EDGE);

	has = pgtables_bytes(pgt);
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, EDGE - PAGE_SIZE, PHYS,
					      2 * PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), has);
}

static void invalid_ranges_are_rejected(struct kunit *test)
{
	static const struct {
		unsigned long addr, size;
	} wrong[] = {
		{ ADDR, 0 },
		{ ADDR + 1, PAGE_SIZE },
		{ ADDR, PAGE_SIZE + 1 },
		{ ADDR, PAGE_SIZE / 2 },
		{ -PAGE_SIZE, 2 * PAGE_SIZE },
		{ -PAGE_SIZE, PAGE_SIZE },
		{ ADDR, -PAGE_SIZE },
	};
	struct pg_table *pgt = new_context(test);
	unsigned int i;
	long empty = pgtables_bytes(pgt);

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    pg_table_map(pgt, wrong[i].addr, PHYS,
						 wrong[i].size, PAGE_KERNEL),
				    "range %u", i);
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    pg_table_unmap(pgt, wrong[i].addr, wrong[i].size),
				    "range %u", i);
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    pg_table_populate(pgt, wrong[i].addr, wrong[i].size),
				    "range %u", i);
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, TASK_SIZE_MAX, PHYS,
						    PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			pg_table_map(pgt, TASK_SIZE_MAX - PAGE_SIZE, PHYS,
				     2 * PAGE_SIZE, PAGE_KERNEL));
	/* User-mode Linux has its kernel in the lower half. */
	if (PAGE_OFFSET >= TASK_SIZE_MAX)
		KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, PAGE_OFFSET, PHYS,
							    PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, ADDR, PHYS + 1,
						    PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
}

static void first_and_last_page_can_be_mapped(struct kunit *test)
{
	unsigned long last = round_down(TASK_SIZE_MAX - 1, PAGE_SIZE);
	struct pg_table *pgt = new_context(test);

	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, 0, PHYS, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, last, PHYS, PAGE_SIZE, PAGE_KERNEL));
	expect_mapped(test, pgt, 0, PHYS);
	expect_mapped(test, pgt, last, PHYS);
}

static void overlap_is_rejected(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	long has;

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, EDGE, PHYS, PAGE_SIZE, PAGE_KERNEL));
	has = pgtables_bytes(pgt);

	/* What was mapped before the overlap must be removed, with its table pages. */
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_map(pgt, EDGE - 2 * PAGE_SIZE, 2 * PHYS,
						    4 * PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_map(pgt, EDGE, 2 * PHYS, PAGE_SIZE,
						    PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_populate(pgt, EDGE, PAGE_SIZE));
	expect_unmapped(test, pgt, EDGE - 2 * PAGE_SIZE);
	expect_unmapped(test, pgt, EDGE - PAGE_SIZE);
	expect_mapped(test, pgt, EDGE, PHYS);
	expect_unmapped(test, pgt, EDGE + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), has);
}

static int map_page(void *pgt)
{
	return pg_table_map(pgt, ADDR, PHYS, PAGE_SIZE, PAGE_KERNEL);
}

/* While one thread changes a table, another that wants to change it waits. */
static void changes_exclude_each_other(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	struct task_struct *other = kthread_create(map_page, pgt, "%s", test->name);
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	get_task_struct(other);
	mutex_lock(&pg_context(pgt)->lock);
	wake_up_process(other);
	for (i = 0; i < 5000 && !(READ_ONCE(other->__state) & TASK_UNINTERRUPTIBLE); i++)
		usleep_range(500, 1000);
	KUNIT_EXPECT_LT(test, i, 5000);
	expect_unmapped(test, pgt, ADDR);
	mutex_unlock(&pg_context(pgt)->lock);
	KUNIT_EXPECT_EQ(test, kthread_stop(other), 0);
	put_task_struct(other);
	expect_mapped(test, pgt, ADDR, PHYS);
}

static void unmap_skips_holes(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	long empty = pgtables_bytes(pgt);

	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, EDGE - PMD_SIZE, 2 * PMD_SIZE));
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, EDGE, PHYS, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, EDGE - PMD_SIZE, 2 * PMD_SIZE));
	expect_unmapped(test, pgt, EDGE);
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
}

static void large_entries_are_used(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size;
	phys_addr_t phys;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_ASSERT_TRUE(test, translate(pgt, ADDR, &phys, &size));
	KUNIT_EXPECT_EQ(test, size, PMD_SIZE);

	/* But not if the physical address is not aligned. */
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR + PMD_SIZE, PHYS + PAGE_SIZE,
					      PMD_SIZE, PAGE_KERNEL));
	KUNIT_ASSERT_TRUE(test, translate(pgt, ADDR + PMD_SIZE, &phys, &size));
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);

	if (!arch_vmap_pud_supported(PAGE_KERNEL))
		return;
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 2 * PUD_SIZE, PHYS, PUD_SIZE,
					      PAGE_KERNEL));
	KUNIT_ASSERT_TRUE(test, translate(pgt, 2 * PUD_SIZE, &phys, &size));
	KUNIT_EXPECT_EQ(test, size, PUD_SIZE);
}

static void large_entries_are_split(struct kunit *test)
{
	unsigned long all = PMD_SIZE, hole, addr, size;
	struct pg_table *pgt = new_context(test);
	long empty = pgtables_bytes(pgt);
	phys_addr_t phys;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");
	if (arch_vmap_pud_supported(PAGE_KERNEL))
		all = PUD_SIZE;

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, all, PAGE_KERNEL));
	KUNIT_ASSERT_TRUE(test, translate(pgt, ADDR, &phys, &size));
	KUNIT_ASSERT_EQ(test, size, all);

	hole = ADDR + all / 2 + 3 * PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(pgt, hole, PAGE_SIZE));
	for (addr = hole - 8 * PAGE_SIZE; addr < hole + 8 * PAGE_SIZE; addr += PAGE_SIZE) {
		if (addr == hole)
			expect_unmapped(test, pgt, addr);
		else
			expect_mapped(test, pgt, addr, PHYS + (addr - ADDR));
	}
	expect_mapped(test, pgt, ADDR, PHYS);
	expect_mapped(test, pgt, ADDR + all - PAGE_SIZE, PHYS + all - PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, ADDR, all));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
}

static void split_keeps_protection(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size;
	pte_t *pte;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, PMD_SIZE, PAGE_KERNEL_RO));
	KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(pgt, ADDR, PAGE_SIZE));
	pte = pg_table_lookup(pgt, ADDR + PAGE_SIZE, &size);
	KUNIT_ASSERT_NOT_NULL(test, pte);
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, pte_write(ptep_get(pte)));
	KUNIT_EXPECT_EQ(test, pgprot_val(pte_pgprot(ptep_get(pte))),
			pgprot_val(arch_pg_table_prot(PAGE_KERNEL_RO)));
}

/* Random operations on a window around EDGE, checked against an array of pages. */
#define WINDOW	(4 * PTRS_PER_PTE)
#define ROUNDS	4000

struct model {
	struct pg_table *pgt;
	unsigned long base;
	phys_addr_t page[WINDOW];
};

/* Of the first @nr pages. */
static void compare(struct kunit *test, struct model *m, unsigned int nr, u32 seed, int round)
{
	unsigned long size;
	phys_addr_t phys;
	unsigned int i;
	bool mapped;

	for (i = 0; i < nr; i++) {
		mapped = translate(m->pgt, m->base + i * PAGE_SIZE, &phys, &size);
		if ((mapped ? phys : 0) != m->page[i])
			break;
	}
	KUNIT_ASSERT_EQ_MSG(test, i, nr, "seed %u, base %lx, round %d: page %u",
			    seed, m->base, round, i);
}

static void random_operations_match_model(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 seed = get_random_u32();
	unsigned int first, nr, i;
	struct rnd_state rnd;
	int round, err, want;
	phys_addr_t phys;
	long empty;

	KUNIT_ASSERT_NOT_NULL(test, m);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	m->pgt = new_context(test);
	m->base = EDGE - WINDOW / 2 * PAGE_SIZE;
	empty = pgtables_bytes(m->pgt);

	for (round = 0; round < ROUNDS; round++) {
		first = prandom_u32_state(&rnd) % WINDOW;
		nr = 1 + prandom_u32_state(&rnd) % 16;
		/* Sometimes a range that fits a large entry. */
		if (prandom_u32_state(&rnd) % 8 == 0) {
			first = round_down(first, PTRS_PER_PTE);
			nr = PTRS_PER_PTE;
		}
		nr = min_t(unsigned int, nr, WINDOW - first);
		phys = PHYS + (phys_addr_t)(prandom_u32_state(&rnd) % 64) * PMD_SIZE;
		if (nr != PTRS_PER_PTE)
			phys += first * PAGE_SIZE;

		if (prandom_u32_state(&rnd) % 2) {
			want = 0;
			for (i = first; i < first + nr; i++)
				if (m->page[i])
					want = -EEXIST;
			err = pg_table_map(m->pgt, m->base + first * PAGE_SIZE, phys,
					   nr * PAGE_SIZE, PAGE_KERNEL);
			KUNIT_ASSERT_EQ_MSG(test, err, want, "seed %u, round %d",
					    seed, round);
			for (i = 0; !err && i < nr; i++)
				m->page[first + i] = phys + i * PAGE_SIZE;
		} else {
			err = pg_table_unmap(m->pgt, m->base + first * PAGE_SIZE,
					     nr * PAGE_SIZE);
			KUNIT_ASSERT_EQ_MSG(test, err, 0, "seed %u, round %d", seed, round);
			for (i = 0; i < nr; i++)
				m->page[first + i] = 0;
		}
		if (round % 16 == 0)
			compare(test, m, WINDOW, seed, round);
		if (round % 512 == 0)
			cond_resched();
	}
	compare(test, m, WINDOW, seed, round);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(m->pgt, m->base, WINDOW * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(m->pgt), empty);
}

#ifdef CONFIG_FAULT_INJECTION
static int step_create(struct pg_table *pgt)
{
	pgt = pg_table_create("fail");
	pg_table_put(pgt);
	return pgt ? 0 : -ENOMEM;
}

static void undo_create(struct pg_table *pgt)
{
}

static void undo_map(struct pg_table *pgt)
{
	pg_table_unmap(pgt, EDGE - 2 * PAGE_SIZE, 4 * PAGE_SIZE);
}

static void undo_split(struct pg_table *pgt)
{
	pg_table_unmap(pgt, ADDR, PMD_SIZE);
	pg_table_map(pgt, ADDR, PHYS, PMD_SIZE, PAGE_KERNEL);
}

static int step_map(struct pg_table *pgt)
{
	return pg_table_map(pgt, EDGE - 2 * PAGE_SIZE, PHYS, 4 * PAGE_SIZE, PAGE_KERNEL);
}

static int step_populate(struct pg_table *pgt)
{
	return pg_table_populate(pgt, EDGE - 2 * PAGE_SIZE, 4 * PAGE_SIZE);
}

static int step_split(struct pg_table *pgt)
{
	return pg_table_unmap(pgt, ADDR + 5 * PAGE_SIZE, PAGE_SIZE);
}

/*
 * By default, fault injection ignores these allocations; its files in debugfs
 * change that. The number of failures is printed, so that a run without any shows.
 * Such a run is not a skip, because KUnit would not run the test again.
 */
static void allocation_failures(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	int create, populate, map, split = 0;

	create = fail_each(test, step_create, undo_create, NULL);
	populate = fail_each(test, step_populate, undo_map, pgt);
	expect_unmapped(test, pgt, EDGE);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, EDGE - 2 * PAGE_SIZE, 4 * PAGE_SIZE));

	map = fail_each(test, step_map, undo_map, pgt);
	expect_mapped(test, pgt, EDGE - 2 * PAGE_SIZE, PHYS);
	expect_mapped(test, pgt, EDGE + PAGE_SIZE, PHYS + 3 * PAGE_SIZE);

	if (arch_vmap_pmd_supported(PAGE_KERNEL)) {
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, PMD_SIZE,
						      PAGE_KERNEL));
		split = fail_each(test, step_split, undo_split, pgt);
		expect_mapped(test, pgt, ADDR, PHYS);
		expect_unmapped(test, pgt, ADDR + 5 * PAGE_SIZE);
	}

	kunit_info(test, "%d allocations failed, one at a time",
		   create + populate + map + split);
	if (!create)
		return;
	/* Sometimes the slab or KASAN also needs a page. */
	KUNIT_EXPECT_GE(test, create, 2);
	KUNIT_EXPECT_GE(test, populate, 2);
	KUNIT_EXPECT_GE(test, map, 2);
}
#else
static void allocation_failures(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif

/* Losing one table page each time would exceed the tolerance. */
static void destroy_frees_all_memory(struct kunit *test)
{
	unsigned long rounds = 4000, i, before, after;
	struct pg_table *pgt;
	int err = 0;

	drain_all_pages(NULL);
	before = global_zone_page_state(NR_FREE_PAGES);
	for (i = 0; i < rounds && !err; i++) {
		pgt = pg_table_create(test->name);
		err = pgt ? pg_table_map(pgt, EDGE - PAGE_SIZE, PHYS, 2 * PAGE_SIZE,
					 PAGE_KERNEL) : -ENOMEM;
		/* Every other table still maps something when it is destroyed. */
		if (!err && i % 2)
			err = pg_table_unmap(pgt, EDGE - PAGE_SIZE, 2 * PAGE_SIZE);
		pg_table_put(pgt);
		if (i % 512 == 0)
			cond_resched();
	}
	drain_all_pages(NULL);
	after = global_zone_page_state(NR_FREE_PAGES);

	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GT(test, after + rounds / 2, before);
}

/*
 * Random operations where entries of each level meet: after each of them the table is
 * made of what it should be, and one that failed has left everything as it was.
 */
#define ACCOUNTING_WINDOW	(2 * PTRS_PER_PTE)

static unsigned long accounting_size(struct rnd_state *rnd, unsigned int first)
{
	unsigned int left = ACCOUNTING_WINDOW - first, kind = prandom_u32_state(rnd) % 8;

	if (kind == 0 && first % PTRS_PER_PTE == 0)
		return min_t(unsigned int, left, PTRS_PER_PTE);
	if (kind == 1)
		return left;
	return 1 + prandom_u32_state(rnd) % min_t(unsigned int, left, 16);
}

static bool accounting_is_free(struct model *m, unsigned int first, unsigned int nr)
{
	while (nr--)
		if (m->page[first++])
			return false;
	return true;
}

static void accounting_round(struct kunit *test, struct model *m, struct rnd_state *rnd,
			     long empty, u32 seed, int round)
{
	unsigned int first = prandom_u32_state(rnd) % ACCOUNTING_WINDOW, nr, i;
	unsigned int op = prandom_u32_state(rnd) % 4;
	struct census before = census(m->pgt), after;
	unsigned long addr;
	phys_addr_t phys;
	int err;

	if (prandom_u32_state(rnd) % 4 == 0)
		first = round_down(first, PTRS_PER_PTE);
	nr = accounting_size(rnd, first);
	addr = m->base + first * PAGE_SIZE;
	phys = PHYS + (phys_addr_t)(prandom_u32_state(rnd) % 8) * PUD_SIZE;
	phys += first * PAGE_SIZE;
	if (prandom_u32_state(rnd) % 8 == 0)
		phys += PAGE_SIZE;

	if (prandom_u32_state(rnd) % 4 == 0)
		fail_nth(1 + prandom_u32_state(rnd) % 6);
	if (op == 0)
		err = pg_table_populate(m->pgt, addr, nr * PAGE_SIZE);
	else if (op == 1)
		err = pg_table_unmap(m->pgt, addr, nr * PAGE_SIZE);
	else
		err = pg_table_map(m->pgt, addr, phys, nr * PAGE_SIZE, PAGE_KERNEL);
	fail_nth(0);

	after = expect_accounted(test, m->pgt, empty);
	if (err && err != -ENOMEM)
		KUNIT_EXPECT_EQ_MSG(test, err, -EEXIST, "seed %u, round %d", seed, round);
	if (err != -ENOMEM && op != 1)
		KUNIT_EXPECT_EQ_MSG(test, err == 0, accounting_is_free(m, first, nr),
				    "seed %u, round %d", seed, round);
	if (!err && op)
		for (i = first; i < first + nr; i++)
			m->page[i] = op == 1 ? 0 : phys + (i - first) * PAGE_SIZE;
	/* An unmap that fails may have split a large entry, a populate adds nothing. */
	if (err ? op != 1 : op == 0)
		KUNIT_EXPECT_EQ_MSG(test, before.digest, after.digest,
				    "seed %u, round %d: operation %u, error %d", seed, round,
				    op, err);
	if (err || op == 1)
		KUNIT_EXPECT_LE_MSG(test, after.empty, before.empty,
				    "seed %u, round %d: operation %u, error %d", seed, round,
				    op, err);
	compare(test, m, ACCOUNTING_WINDOW, seed, round);
}

static void random_operations_keep_accounting(struct kunit *test)
{
	const unsigned long half = ACCOUNTING_WINDOW / 2 * PAGE_SIZE;
	const unsigned long bases[] = {
		0, 2UL * PUD_SIZE - half, P4D_SIZE - half, EDGE - half,
		round_down(TASK_SIZE_MAX, PMD_SIZE) - 2 * half,
	};
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i;
	long empty;
	int round;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "the kernel is in the lower half");
	KUNIT_ASSERT_NOT_NULL(test, m);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		if (bases[i] > TASK_SIZE_MAX - 2 * half)
			continue;
		m->pgt = new_context(test);
		m->base = bases[i];
		memset(m->page, 0, sizeof(m->page));
		empty = pgtables_bytes(m->pgt);
		for (round = 0; round < 200; round++)
			accounting_round(test, m, &rnd, empty, seed, round);
		KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(m->pgt, m->base,
							ACCOUNTING_WINDOW * PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, expect_accounted(test, m->pgt, empty).pages, 0);
		cond_resched();
	}
}

/* Each page of the large page around @hole, and the first and last one of each other. */
static unsigned long step_past(unsigned long addr, unsigned long hole)
{
	if (!IS_ALIGNED(addr, PMD_SIZE) || addr == round_down(hole, PMD_SIZE))
		return PAGE_SIZE;
	return PMD_SIZE - PAGE_SIZE;
}

/* One entry of each size, of which one page goes, at each of its ends and inside. */
static void large_entries_are_split_at_any_page(struct kunit *test)
{
	const unsigned long sizes[] = { PMD_SIZE, PUD_SIZE };
	unsigned long unit, hole, addr, size;
	struct pg_table *pgt = new_context(test);
	long empty = pgtables_bytes(pgt);
	unsigned int i, j;
	phys_addr_t phys;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const unsigned long holes[] = {
			0, PAGE_SIZE, PMD_SIZE - PAGE_SIZE, sizes[i] / 2, sizes[i] - PAGE_SIZE,
		};

		unit = sizes[i];
		if (unit == PUD_SIZE && !arch_vmap_pud_supported(PAGE_KERNEL))
			continue;
		for (j = 0; j < ARRAY_SIZE(holes); j++) {
			hole = ADDR + holes[j];
			KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, PHYS, unit, PAGE_KERNEL));
			KUNIT_ASSERT_TRUE(test, translate(pgt, ADDR, &phys, &size));
			KUNIT_EXPECT_EQ(test, size, unit);
			KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(pgt, hole, PAGE_SIZE));
			for (addr = ADDR; addr < ADDR + unit; addr += step_past(addr, hole))
				if ((translate(pgt, addr, &phys, &size) ? phys : 0) !=
				    (addr == hole ? 0 : PHYS + (addr - ADDR)))
					break;
			KUNIT_EXPECT_EQ(test, addr, ADDR + unit);
			/* What is not cut stays large. */
			KUNIT_EXPECT_EQ(test, expect_accounted(test, pgt, empty).empty, 0);
			KUNIT_EXPECT_LE(test, pgtables_bytes(pgt) - empty, 4 * (long)PAGE_SIZE);
			KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(pgt, ADDR, unit));
			KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
		}
	}
}

static struct kunit_case pg_table_context_cases[] = {
	KUNIT_CASE(context_is_empty),
	KUNIT_CASE(only_process_tables_are_charged),
	KUNIT_CASE(pages_of_context_are_not_charged),
	KUNIT_CASE(reference_keeps_context),
	KUNIT_CASE(map_one_page),
	KUNIT_CASE(table_pages_have_owner),
	KUNIT_CASE(populate_maps_nothing),
	KUNIT_CASE(invalid_ranges_are_rejected),
	KUNIT_CASE(first_and_last_page_can_be_mapped),
	KUNIT_CASE(overlap_is_rejected),
	KUNIT_CASE(changes_exclude_each_other),
	KUNIT_CASE(unmap_skips_holes),
	KUNIT_CASE(large_entries_are_used),
	KUNIT_CASE(large_entries_are_split),
	KUNIT_CASE(split_keeps_protection),
	KUNIT_CASE(random_operations_match_model),
	KUNIT_CASE(random_operations_keep_accounting),
	KUNIT_CASE(large_entries_are_split_at_any_page),
	KUNIT_CASE(allocation_failures),
	KUNIT_CASE_SLOW(destroy_frees_all_memory),
	{}
};

static struct kunit_suite pg_table_context_suite = {
	.name = "pg_table_context",
	.test_cases = pg_table_context_cases,
};

kunit_test_suite(pg_table_context_suite);

MODULE_DESCRIPTION("KUnit tests of page tables without an mm");
MODULE_LICENSE("GPL");
