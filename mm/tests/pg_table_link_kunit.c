// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of links: what a context shares with another table, and of scopes.
 */

#include "pg_table_kunit.h"

/* An address in the first entry of each level, but not at its beginning. */
#define ADDR	((unsigned long)PMD_SIZE / 2)

static const unsigned long units[] = { PAGE_SIZE, PMD_SIZE, PUD_SIZE, P4D_SIZE };

/* Can a table link entries of this size in its lower half? */
static bool can_link(struct pg_table *pgt, unsigned long unit)
{
	if (unit > TASK_SIZE_MAX)
		return false;
	return unit <= PMD_SIZE || !arch_pg_table_fixed_pmds;
}

static unsigned long start(unsigned long unit)
{
	return round_down(ADDR, unit);
}

static int map_page(struct pg_table *pgt, unsigned long addr)
{
	return pg_table_map(pgt, addr, PHYS + addr, PAGE_SIZE, PAGE_KERNEL);
}

static pmd_t *pmd_off_table(struct pg_table *pgt, unsigned long addr)
{
	p4d_t *p4d = p4d_offset(pgd_offset_pgd(pgt->pgd, addr), addr);

	return pmd_offset(pud_offset(p4d, addr), addr);
}

static void what_is_below_a_link_is_shared(struct kunit *test)
{
	struct pg_table *from = create(test), *to;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		unsigned long unit = units[i];
		long empty;

		if (!can_link(from, unit))
			continue;
		to = create(test);
		empty = bytes(to);
		KUNIT_ASSERT_EQ(test, 0, pg_table_link(to, from, start(unit), unit, unit));
		expect_mapped(test, to, ADDR, PHYS + ADDR);

		/* A link shows later changes, a copy does not. */
		KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR + PAGE_SIZE));
		if (unit == PAGE_SIZE)
			expect_unmapped(test, to, ADDR + PAGE_SIZE);
		else
			expect_mapped(test, to, ADDR + PAGE_SIZE, PHYS + ADDR + PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(from, ADDR + PAGE_SIZE, PAGE_SIZE));

		KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, start(unit), unit));
		expect_unmapped(test, to, ADDR);
		expect_mapped(test, from, ADDR, PHYS + ADDR);
		KUNIT_EXPECT_EQ_MSG(test, bytes(to), empty, "unit %lx", unit);
	}
}

static void table_that_ends_frees_no_page_that_it_links(struct kunit *test)
{
	struct pg_table *from = create(test), *to;
	long before;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	before = bytes(from);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (!can_link(from, units[i]))
			continue;
		to = pg_table_create(test->name);
		KUNIT_ASSERT_NOT_NULL(test, to);
		KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, start(units[i]), units[i],
						       units[i]));
		pg_table_put(to);
		expect_mapped(test, from, ADDR, PHYS + ADDR);
	}
	KUNIT_EXPECT_EQ(test, bytes(from), before);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(from, ADDR, PAGE_SIZE));
}

static void what_is_linked_belongs_to_its_owner(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_ASSERT_EQ(test, 0, pg_table_link(to, from, 0, PMD_SIZE, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, -EEXIST, map_page(to, 0));
	expect_unmapped(test, from, 0);
	KUNIT_EXPECT_EQ(test, -EBUSY, pg_table_unmap(to, ADDR, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EBUSY, pg_table_unmap(to, 0, PMD_SIZE - PAGE_SIZE));
	expect_mapped(test, to, ADDR, PHYS + ADDR);
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link(to, from, ADDR, PAGE_SIZE, PAGE_SIZE));
	/* A range that contains the whole link removes it. */
	KUNIT_EXPECT_EQ(test, 0, map_page(to, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, 0, PMD_SIZE + PAGE_SIZE));
	expect_unmapped(test, to, ADDR);
	expect_mapped(test, from, ADDR, PHYS + ADDR);
}

static void own_table_pages_stay(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_ASSERT_EQ(test, 0, map_page(to, 0));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link(to, from, 0, PMD_SIZE, PMD_SIZE));
	expect_mapped(test, to, 0, PHYS);
	expect_unmapped(test, to, ADDR);
	/* Copying adds to existing entries. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, 0, PMD_SIZE, PAGE_SIZE));
	expect_mapped(test, to, 0, PHYS);
	expect_mapped(test, to, ADDR, PHYS + ADDR);
}

/*
 * Only tables without an mm write &ptdesc.pt_owner. In every other table page it is
 * left over from an earlier use of the page and may hold the address of any table.
 */
static void names_left_over_mean_nothing(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(units); i++) {
		struct pg_table *from = create(test), *to = pg_table_create(test->name);
		unsigned long unit = units[i];
		void *table[3];
		p4d_t *p4d;
		pmd_t *pmd;

		KUNIT_ASSERT_NOT_NULL(test, to);
		if (!can_link(from, unit)) {
			pg_table_put(to);
			continue;
		}
		KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
		p4d = p4d_offset(pgd_offset_pgd(from->pgd, ADDR), ADDR);
		pmd = pmd_off_table(from, ADDR);
		table[0] = pte_offset_kernel(pmd, 0);
		table[1] = pmd_offset(pud_offset(p4d, ADDR), 0);
		table[2] = pud_offset(p4d, 0);

		/* Every page that the link leads to names the table that links it. */
		virt_to_ptdesc(table[0])->pt_owner = to;
		if (unit >= PUD_SIZE && !mm_pmd_folded(from))
			virt_to_ptdesc(table[1])->pt_owner = to;
		if (unit >= P4D_SIZE && !mm_pud_folded(from))
			virt_to_ptdesc(table[2])->pt_owner = to;

		KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, start(unit), unit, unit));
		KUNIT_EXPECT_EQ(test, -EEXIST, map_page(to, ADDR + PAGE_SIZE));
		expect_unmapped(test, from, ADDR + PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, -EBUSY, pg_table_unmap(to, ADDR, PAGE_SIZE));
		/* Destroying the table must neither free these pages nor unlink them. */
		pg_table_put(to);
		KUNIT_EXPECT_TRUE(test, pmd_present(*pmd));
		expect_mapped(test, from, ADDR, PHYS + ADDR);

		virt_to_ptdesc(table[0])->pt_owner = from;
		if (!mm_pmd_folded(from) && !arch_pg_table_fixed_pmds)
			virt_to_ptdesc(table[1])->pt_owner = from;
		if (!mm_pud_folded(from))
			virt_to_ptdesc(table[2])->pt_owner = from;
	}
}

static void freed_page_names_no_owner(struct kunit *test)
{
	struct pg_table *pgt = pg_table_create(test->name);
	struct ptdesc *root, *table;

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	if (!IS_ENABLED(CONFIG_64BIT))
		goto put;
	root = virt_to_ptdesc(pgt->pgd);
	KUNIT_EXPECT_EQ(test, 0, map_page(pgt, ADDR));
	table = virt_to_ptdesc(pte_offset_kernel(pmd_off_table(pgt, ADDR), 0));
	KUNIT_EXPECT_PTR_EQ(test, table->pt_owner, pgt);
	pg_table_put(pgt);
	/* The pages are free or reused by now. */
	KUNIT_EXPECT_PTR_NE(test, READ_ONCE(root->pt_owner), pgt);
	KUNIT_EXPECT_PTR_NE(test, READ_ONCE(table->pt_owner), pgt);
	return;
put:
	pg_table_put(pgt);
	kunit_skip(test, "a root may be less than a page");
}

static void links_are_replaced(struct kunit *test)
{
	struct pg_table *one = create(test), *two = create(test), *to = create(test);

	KUNIT_ASSERT_EQ(test, 0, map_page(one, ADDR));
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(two, ADDR, PHYS, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, one, 0, PMD_SIZE, PMD_SIZE));
	expect_mapped(test, to, ADDR, PHYS + ADDR);
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, two, 0, PMD_SIZE, PMD_SIZE));
	expect_mapped(test, to, ADDR, PHYS);
	/* A hole does not replace anything. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, one, 0, PMD_SIZE, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(two, ADDR, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, two, 0, PMD_SIZE, PMD_SIZE));
	expect_mapped(test, to, ADDR, PHYS + ADDR);
}

static void large_entry_is_taken_whole(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);
	unsigned long size;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, ADDR, PAGE_SIZE, PAGE_SIZE));
	expect_mapped(test, to, 0, PHYS);
	KUNIT_EXPECT_NOT_NULL(test, pg_table_lookup(to, 0, &size));
	KUNIT_EXPECT_EQ(test, size, PMD_SIZE);
	/* The copy of the leaf can be split. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, ADDR, PAGE_SIZE));
	expect_unmapped(test, to, ADDR);
	expect_mapped(test, from, ADDR, PHYS + ADDR);
	/* It is not copied again where there are table pages now. */
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link(to, from, ADDR, PAGE_SIZE, PAGE_SIZE));
	expect_unmapped(test, to, ADDR);
}

static void wrong_links_are_refused(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, ADDR, PMD_SIZE, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, 0, PAGE_SIZE, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, ADDR, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, ADDR, PAGE_SIZE, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, ADDR, 2 * PAGE_SIZE,
						     2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(to, from, -PAGE_SIZE, PAGE_SIZE,
						     PAGE_SIZE));
	expect_unmapped(test, to, ADDR);
}

static void link_of_nothing_is_nothing(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (can_link(from, units[i]))
			KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, start(units[i]),
							       units[i], units[i]));
	expect_unmapped(test, to, ADDR);
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, 0, PMD_SIZE, PAGE_SIZE));
	expect_unmapped(test, to, ADDR);
}

static void links_to_an_owner_are_counted(struct kunit *test)
{
#ifdef CONFIG_DEBUG_PG_TABLE
	struct pg_table *from = create(test), *to = create(test);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (!can_link(from, units[i]))
			continue;
		KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, start(units[i]), units[i],
						       units[i]));
		KUNIT_EXPECT_EQ(test, units[i] > PAGE_SIZE, pg_table_count_links(from));
		KUNIT_EXPECT_EQ(test, 0, pg_table_count_links(to));
		KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, start(units[i]), units[i]));
		KUNIT_EXPECT_EQ(test, 0, pg_table_count_links(from));
	}
#else
	kunit_skip(test, "needs CONFIG_DEBUG_PG_TABLE");
#endif
}

static void template_has_the_kernel_half(struct kunit *test)
{
	unsigned long size, addr = arch_pg_table_kernel_start;
	struct pg_table *pgt;
	pte_t *entry;
	pgd_t *root;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "no half of the kernel's own");

	root = (pgd_t *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, root);
	pgt = pg_table_create_template(test->name, root);
	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_EXPECT_TRUE(test, pg_table_is_standalone(pgt));
	KUNIT_EXPECT_EQ(test, -EINVAL, map_page(pgt, ADDR));
	KUNIT_EXPECT_EQ(test, -EINVAL, map_page(pgt, addr - PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, addr, PHYS, PAGE_SIZE, PAGE_KERNEL));
	expect_mapped(test, pgt, addr, PHYS);

	/* Other tables may link its table pages, so they are not freed. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, addr, PAGE_SIZE));
	expect_unmapped(test, pgt, addr);
	entry = pg_table_lookup(pgt, addr, &size);
	KUNIT_EXPECT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, size, PAGE_SIZE);
	pg_table_put(pgt);
	free_page((unsigned long)root);
}

static void scope_is_linked(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = ADDR + 1, .end = ADDR + PAGE_SIZE + 1, .unit = PAGE_SIZE,
	};
	static const struct pg_table_scope empty = { .unit = PAGE_SIZE };
	struct pg_table *from = create(test), *to = create(test);

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, ADDR - PAGE_SIZE, PHYS, 4 * PAGE_SIZE,
					      PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &empty));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &row));
	expect_unmapped(test, to, ADDR - PAGE_SIZE);
	expect_mapped(test, to, ADDR, PHYS + PAGE_SIZE);
	expect_mapped(test, to, ADDR + PAGE_SIZE, PHYS + 2 * PAGE_SIZE);
	expect_unmapped(test, to, ADDR + 2 * PAGE_SIZE);
}

static void scope_replaces_a_large_page(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PAGE_SIZE,
	};
	struct pg_table *from = create(test), *to = create(test);

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &row));
	expect_unmapped(test, to, 0);
	expect_mapped(test, to, ADDR, PHYS + ADDR);
	/* Table pages are not replaced. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(from, ADDR, PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link_scope(to, from, &row));
	expect_mapped(test, to, ADDR, PHYS + ADDR);
}

static void scope_with_table_pages_in_the_way_changes_nothing(struct kunit *test)
{
	static const struct pg_table_scope row = { .end = PUD_SIZE, .unit = PUD_SIZE };
	struct pg_table *from = create(test), *to = create(test);

	if (!arch_vmap_pmd_supported(PAGE_KERNEL) || PUD_SIZE == PMD_SIZE ||
	    !can_link(from, PUD_SIZE))
		kunit_skip(test, "no large entries, or no links so high");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link_scope(to, from, &row));
	expect_mapped(test, to, 0, PHYS);
}

static void scope_at_the_last_address_is_refused(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = -PMD_SIZE, .end = ULONG_MAX, .unit = PAGE_SIZE,
	};

	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link_scope(create(test), create(test), &row));
}

static void what_is_outside_the_scope_is_found(struct kunit *test)
{
	static const struct pg_table_scope scope[] = {
		{ .name = "empty row", .unit = PAGE_SIZE },
		{
			.name	= "two pages",
			.start	= ADDR + 1,
			.end	= ADDR + PAGE_SIZE + 1,
			.unit	= PAGE_SIZE,
		},
	};
	const unsigned int nr = ARRAY_SIZE(scope);
	struct pg_table *pgt = create(test);

	KUNIT_EXPECT_EQ(test, 0, pg_table_count_outside(pgt, 0, 2 * PMD_SIZE, scope, nr));
	KUNIT_ASSERT_EQ(test, 0, map_page(pgt, ADDR));
	KUNIT_ASSERT_EQ(test, 0, map_page(pgt, ADDR + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_count_outside(pgt, 0, 2 * PMD_SIZE, scope, nr));
	KUNIT_EXPECT_EQ(test, 2, pg_table_count_outside(pgt, 0, 2 * PMD_SIZE, scope, 1));
	KUNIT_ASSERT_EQ(test, 0, map_page(pgt, ADDR + 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 1, pg_table_count_outside(pgt, 0, 2 * PMD_SIZE, scope, nr));
	KUNIT_ASSERT_EQ(test, 0, map_page(pgt, ADDR - PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 2, pg_table_count_outside(pgt, 0, 2 * PMD_SIZE, scope, nr));
}

static void part_of_a_large_entry_is_outside(struct kunit *test)
{
	static const struct pg_table_scope scope = {
		.name = "page", .start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PAGE_SIZE,
	};
	static const struct pg_table_scope rounded = {
		.name = "PMD", .start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PMD_SIZE,
	};
	struct pg_table *pgt = create(test);

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 1, pg_table_count_outside(pgt, 0, PUD_SIZE, &scope, 1));
	KUNIT_EXPECT_EQ(test, 0, pg_table_count_outside(pgt, 0, PUD_SIZE, &rounded, 1));
}

#ifdef CONFIG_FAULT_INJECTION
static struct pg_table *failing_from;

static int step_link(struct pg_table *pgt)
{
	return pg_table_link(pgt, failing_from, 0, 2 * PMD_SIZE, PAGE_SIZE);
}

static void undo_link(struct pg_table *pgt)
{
	pg_table_unmap(pgt, 0, 2 * PMD_SIZE);
}

static void each_allocation_of_a_link_can_fail(struct kunit *test)
{
	struct pg_table *from = create(test), *to = create(test);
	int failed;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR + PMD_SIZE));
	failing_from = from;
	failed = fail_each(test, step_link, undo_link, to);
	expect_mapped(test, to, ADDR, PHYS + ADDR);
	expect_mapped(test, to, ADDR + PMD_SIZE, PHYS + ADDR + PMD_SIZE);
	kunit_info(test, "%d allocations failed in their turn", failed);
	KUNIT_EXPECT_TRUE(test, !failed || failed >= 2);
}
#else
static void each_allocation_of_a_link_can_fail(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif

static struct kunit_case pg_table_link_cases[] = {
	KUNIT_CASE(what_is_below_a_link_is_shared),
	KUNIT_CASE(table_that_ends_frees_no_page_that_it_links),
	KUNIT_CASE(what_is_linked_belongs_to_its_owner),
	KUNIT_CASE(own_table_pages_stay),
	KUNIT_CASE(names_left_over_mean_nothing),
	KUNIT_CASE(freed_page_names_no_owner),
	KUNIT_CASE(links_are_replaced),
	KUNIT_CASE(large_entry_is_taken_whole),
	KUNIT_CASE(wrong_links_are_refused),
	KUNIT_CASE(link_of_nothing_is_nothing),
	KUNIT_CASE(links_to_an_owner_are_counted),
	KUNIT_CASE(template_has_the_kernel_half),
	KUNIT_CASE(scope_is_linked),
	KUNIT_CASE(scope_replaces_a_large_page),
	KUNIT_CASE(scope_with_table_pages_in_the_way_changes_nothing),
	KUNIT_CASE(scope_at_the_last_address_is_refused),
	KUNIT_CASE(what_is_outside_the_scope_is_found),
	KUNIT_CASE(part_of_a_large_entry_is_outside),
	KUNIT_CASE(each_allocation_of_a_link_can_fail),
	{}
};

static struct kunit_suite pg_table_link_suite = {
	.name = "pg_table_link",
	.test_cases = pg_table_link_cases,
};

kunit_test_suite(pg_table_link_suite);

MODULE_DESCRIPTION("KUnit tests of links between page tables");
MODULE_LICENSE("GPL");
