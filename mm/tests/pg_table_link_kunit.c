// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of links: what a context shares with another table, and of scopes.
 */

#include <kunit/pg_table.h>

#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/seq_file.h>

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

static void tables_below_link_are_shared(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		unsigned long unit = units[i];
		long empty;

		if (!can_link(from, unit))
			continue;
		to = new_context(test);
		empty = pgtables_bytes(to);
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
		KUNIT_EXPECT_EQ_MSG(test, pgtables_bytes(to), empty, "unit %lx", unit);
	}
}

/* A range may begin in the last entry of a table page, and end in the first of the next. */
static void ranges_cross_table_pages(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(units); i++) {
		struct pg_table *from = new_context(test), *to = new_context(test);
		unsigned long addr = units[i] - PAGE_SIZE, size = 2 * PAGE_SIZE;

		if (units[i] > TASK_SIZE_MAX - PAGE_SIZE)
			continue;
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, addr, PHYS, size, PAGE_KERNEL));
		KUNIT_ASSERT_EQ(test, 0, pg_table_link(to, from, addr, size, PAGE_SIZE));
		expect_mapped(test, to, addr, PHYS);
		expect_mapped(test, to, units[i], PHYS + PAGE_SIZE);
		expect_unmapped(test, to, addr - PAGE_SIZE);
		expect_unmapped(test, to, units[i] + PAGE_SIZE);
		KUNIT_EXPECT_EQ_MSG(test, pgtables_bytes(to), pgtables_bytes(from),
				    "unit %lx", units[i]);
	}
}

static void destroy_keeps_linked_tables(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to;
	long before;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	before = pgtables_bytes(from);
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
	KUNIT_EXPECT_EQ(test, pgtables_bytes(from), before);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(from, ADDR, PAGE_SIZE));
}

static void linked_tables_are_not_changed(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);

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

static void own_tables_are_not_replaced(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);

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

/* All of the range is looked at before any of it is linked. */
static void conflict_at_the_end_links_nothing(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);
	long before;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, 0));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, PMD_SIZE));
	KUNIT_ASSERT_EQ(test, 0, map_page(to, PMD_SIZE));
	before = pgtables_bytes(to);
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link(to, from, 0, 2 * PMD_SIZE, PMD_SIZE));
	expect_unmapped(test, to, 0);
	expect_mapped(test, to, PMD_SIZE, PHYS + PMD_SIZE);
	KUNIT_EXPECT_EQ(test, pgtables_bytes(to), before);
}

/* Of whatever level the entry is that leads to it. */
static void linked_table_is_not_written(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(units); i++) {
		struct pg_table *from = new_context(test), *to = new_context(test);

		if (!can_link(from, units[i]))
			continue;
		KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
		KUNIT_ASSERT_EQ(test, 0, pg_table_link(to, from, start(units[i]), units[i],
						       units[i]));
		KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link(to, from, ADDR, PAGE_SIZE,
							     PAGE_SIZE));
	}
}

/*
 * Only tables without an mm write &ptdesc.pt_owner. In every other table page it is
 * left over from an earlier use of the page and may hold the address of any table.
 */
static void stale_owner_is_ignored(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(units); i++) {
		struct pg_table *from = new_context(test), *to = pg_table_create(test->name);
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
		if (unit >= PUD_SIZE && !pg_table_pmd_folded(from))
			virt_to_ptdesc(table[1])->pt_owner = to;
		if (unit >= P4D_SIZE && !pg_table_pud_folded(from))
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
		if (!pg_table_pmd_folded(from) && !arch_pg_table_fixed_pmds)
			virt_to_ptdesc(table[1])->pt_owner = from;
		if (!pg_table_pud_folded(from))
			virt_to_ptdesc(table[2])->pt_owner = from;
	}
}

/* Whatever a page of init_mm names as its owner is left over, too. */
static void stale_owner_of_kernel_page_is_cleared(struct kunit *test)
{
	struct pg_table *other = new_context(test), *to;
	unsigned long addr;
	void *page, *table;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "the kernel is in the lower half");

	to = new_template(test);
	page = vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, page);
	addr = (unsigned long)page;
	table = pte_offset_kernel(pmd_off_k(addr), 0);
	virt_to_ptdesc(table)->pt_owner = other;
	KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, &init_mm.pgt, round_down(addr, PMD_SIZE),
					       PMD_SIZE, PMD_SIZE));
	KUNIT_EXPECT_FALSE(test, pg_table_owns(other, table));
	virt_to_ptdesc(table)->pt_owner = NULL;
	vfree(page);
}

static void free_clears_owner(struct kunit *test)
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
	struct pg_table *one = new_context(test), *two = new_context(test), *to = new_context(test);

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

static void large_entry_is_copied_whole(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);
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

/* What a large entry maps is not looked at: there may be no memory at PHYS. */
static void large_entry_is_linked_and_replaced(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(units); i++) {
		struct pg_table *from = new_context(test), *to = new_context(test);
		struct pg_table *copy = new_context(test);
		unsigned long unit = units[i];

		if (!(unit == PMD_SIZE && arch_vmap_pmd_supported(PAGE_KERNEL)) &&
		    !(unit == PUD_SIZE && arch_vmap_pud_supported(PAGE_KERNEL)))
			continue;
		KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 0, PHYS, unit, PAGE_KERNEL));
		KUNIT_EXPECT_EQ(test, 0, pg_table_link(copy, to, 0, unit, unit));
		expect_mapped(test, copy, ADDR + PAGE_SIZE, PHYS + ADDR + PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, 0, unit, unit));
		expect_mapped(test, to, ADDR, PHYS + ADDR);
		expect_unmapped(test, to, ADDR + PAGE_SIZE);
	}
}

static void invalid_links_are_rejected(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);

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

static void link_skips_holes(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);
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
	struct pg_table *from = new_context(test), *to = new_context(test);
	unsigned long addr;
	unsigned int i, j;
	int err;

	/* The entry of ADDR, and the next one. */
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		for (j = 0; j < 2; j++) {
			if (!can_link(from, (j + 1) * units[i]))
				continue;
			addr = start(units[i]) + j * units[i];
			/* Levels may be folded, so it may be mapped already. */
			err = map_page(from, max(addr, ADDR));
			KUNIT_ASSERT_TRUE(test, !err || err == -EEXIST);
			KUNIT_EXPECT_EQ(test, 0, pg_table_link(to, from, addr, units[i],
							       units[i]));
			KUNIT_EXPECT_EQ(test, units[i] > PAGE_SIZE,
					pg_table_count_links(from));
			KUNIT_EXPECT_EQ(test, 0, pg_table_count_links(to));
			KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, addr, units[i]));
			KUNIT_EXPECT_EQ(test, 0, pg_table_count_links(from));
		}
	}
#else
	kunit_skip(test, "needs CONFIG_DEBUG_PG_TABLE");
#endif
}

static void template_maps_kernel_half(struct kunit *test)
{
	unsigned long size, addr = arch_pg_table_kernel_start;
	struct pg_table *pgt;
	pte_t *entry;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "the kernel is in the lower half");

	pgt = new_template(test);
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
}

static void scope_is_linked(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = ADDR + 1, .end = ADDR + PAGE_SIZE + 1, .unit = PAGE_SIZE,
	};
	static const struct pg_table_scope empty = { .unit = PAGE_SIZE };
	struct pg_table *from = new_context(test), *to = new_context(test);

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, ADDR - PAGE_SIZE, PHYS, 4 * PAGE_SIZE,
					      PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &empty));
	KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &row));
	expect_unmapped(test, to, ADDR - PAGE_SIZE);
	expect_mapped(test, to, ADDR, PHYS + PAGE_SIZE);
	expect_mapped(test, to, ADDR + PAGE_SIZE, PHYS + 2 * PAGE_SIZE);
	expect_unmapped(test, to, ADDR + 2 * PAGE_SIZE);
}

static void scope_replaces_large_page(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PAGE_SIZE,
	};
	struct pg_table *from = new_context(test), *to = new_context(test);

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

static void scope_does_not_replace_own_tables(struct kunit *test)
{
	static const struct pg_table_scope row = { .end = PUD_SIZE, .unit = PUD_SIZE };
	struct pg_table *from = new_context(test), *to = new_context(test);

	if (!arch_vmap_pmd_supported(PAGE_KERNEL) || PUD_SIZE == PMD_SIZE ||
	    !can_link(from, PUD_SIZE))
		kunit_skip(test, "no large entries, or no links at this level");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_EXPECT_EQ(test, -EEXIST, pg_table_link_scope(to, from, &row));
	expect_mapped(test, to, 0, PHYS);
}

static void scope_at_last_address_is_rejected(struct kunit *test)
{
	static const struct pg_table_scope row = {
		.start = -PMD_SIZE, .end = ULONG_MAX, .unit = PAGE_SIZE,
	};

	KUNIT_EXPECT_EQ(test, -EINVAL,
			pg_table_link_scope(new_context(test), new_context(test), &row));
}

static void entries_outside_scope_are_found(struct kunit *test)
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
	struct pg_table *pgt = new_context(test);

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

static void partly_covered_entry_is_outside(struct kunit *test)
{
	static const struct pg_table_scope scope = {
		.name = "page", .start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PAGE_SIZE,
	};
	static const struct pg_table_scope rounded = {
		.name = "PMD", .start = ADDR, .end = ADDR + PAGE_SIZE, .unit = PMD_SIZE,
	};
	static const struct pg_table_scope rest = {
		.name = "rest", .start = ADDR, .end = PMD_SIZE, .unit = PAGE_SIZE,
	};
	struct pg_table *pgt = new_context(test);

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 0, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 1, pg_table_count_outside(pgt, 0, PUD_SIZE, &scope, 1));
	KUNIT_EXPECT_EQ(test, 0, pg_table_count_outside(pgt, 0, PUD_SIZE, &rounded, 1));
	/* The entry begins before the range. */
	KUNIT_EXPECT_EQ(test, 1, pg_table_count_outside(pgt, ADDR, PMD_SIZE - 1, &rest, 1));
}

static void scope_is_printed(struct kunit *test)
{
	static const struct pg_table_scope scope[] = {
		{ .name = "stack", .why = "faults", .start = 0x1000, .end = 0x3000,
		  .unit = 0x1000 },
		{ .name = "empty", .why = "nothing", .start = 0x1000, .unit = 0x1000 },
		{ .name = "text", .why = "entry", .start = 0x400010, .end = 0x400020,
		  .unit = 0x200000 },
	};
	struct seq_file m = { .size = PAGE_SIZE };

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	pg_table_show_scope(&m, scope, ARRAY_SIZE(scope));
	KUNIT_EXPECT_STREQ(test, m.buf, "stack\t1000-3000\t1000\tfaults\n"
					"text\t400010-400020\t200000\tentry\n");
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

static void link_allocation_failures(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to = new_context(test);
	int failed;

	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR));
	KUNIT_ASSERT_EQ(test, 0, map_page(from, ADDR + PMD_SIZE));
	failing_from = from;
	failed = fail_each(test, step_link, undo_link, to);
	expect_mapped(test, to, ADDR, PHYS + ADDR);
	expect_mapped(test, to, ADDR + PMD_SIZE, PHYS + ADDR + PMD_SIZE);
	kunit_info(test, "%d allocations failed, one at a time", failed);
	KUNIT_EXPECT_TRUE(test, !failed || failed >= 2);
}
#else
static void link_allocation_failures(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif

/*
 * Random links where entries of each level meet. What a link should do is said page by
 * page: what @from maps by an entry of the unit or a larger one is there afterwards, and
 * what it does not keeps its place.
 */
#define WINDOW	(2 * PTRS_PER_PTE)

struct pair {
	struct pg_table *from;
	struct pg_table *to;
	unsigned long base;
	long empty;
	phys_addr_t before[WINDOW];
};

static phys_addr_t at(struct pg_table *pgt, unsigned long addr)
{
	unsigned long size;
	phys_addr_t phys;

	return translate(pgt, addr, &phys, &size) ? phys : 0;
}

/* Whether @from has an entry at the level of @unit, or a leaf above it. */
static bool has_entry(struct pg_table *from, unsigned long addr, unsigned long unit)
{
	unsigned long size;
	pte_t *entry = pg_table_lookup(from, addr, &size);

	return entry && (size < unit || pte_present(ptep_get(entry)));
}

/* The part that a link of one page takes where @from has a larger leaf. */
static bool is_taken(struct pg_table *from, unsigned long addr, unsigned long first,
		     unsigned long end, unsigned long unit)
{
	unsigned long size = PAGE_SIZE;
	pte_t *entry = pg_table_lookup(from, addr, &size);

	if (entry && pte_present(ptep_get(entry)) && size > unit) {
		first = round_down(first, size);
		end = round_up(end, size);
	}
	return addr >= first && addr < end && has_entry(from, addr, unit);
}

static void random_link(struct kunit *test, struct pair *p, struct rnd_state *rnd, u32 seed,
			int round)
{
	unsigned long unit = units[prandom_u32_state(rnd) % ARRAY_SIZE(units)];
	unsigned long first, size, addr;
	struct census before, after;
	phys_addr_t want;
	unsigned int i;
	bool unmap;
	int err;

	if (!can_link(p->from, unit))
		unit = PAGE_SIZE;
	first = p->base + prandom_u32_state(rnd) % WINDOW * PAGE_SIZE;
	size = PAGE_SIZE * (1 + prandom_u32_state(rnd) % 8);
	if (prandom_u32_state(rnd) % 8 == 0)
		size = PMD_SIZE;
	first = round_down(first, unit);
	size = round_up(size, unit);
	unmap = prandom_u32_state(rnd) % 4 == 0;

	for (i = 0; i < WINDOW; i++)
		p->before[i] = at(p->to, p->base + i * PAGE_SIZE);
	before = census(p->to);
	if (prandom_u32_state(rnd) % 4 == 0)
		fail_nth(1 + prandom_u32_state(rnd) % 4);
	if (unmap)
		err = pg_table_unmap(p->to, first, size);
	else
		err = pg_table_link(p->to, p->from, first, size, unit);
	fail_nth(0);
	after = expect_accounted(test, p->to, p->empty);

	if (err && !unmap)
		KUNIT_EXPECT_EQ_MSG(test, before.digest, after.digest, "seed %u, round %d: %d",
				    seed, round, err);
	if (err)
		KUNIT_EXPECT_LE(test, after.empty, before.empty);
	for (i = 0; i < WINDOW; i++) {
		addr = p->base + i * PAGE_SIZE;
		want = p->before[i];
		if (!err && unmap && addr >= first && addr < first + size)
			want = 0;
		if (!err && !unmap && is_taken(p->from, addr, first, first + size, unit))
			want = at(p->from, addr);
		if (at(p->to, addr) != want)
			break;
	}
	KUNIT_ASSERT_EQ_MSG(test, i, WINDOW,
			    "seed %u, round %d: %s %lx bytes at %lx by %lx: %d", seed, round,
			    unmap ? "unmap" : "link", size, first, unit, err);
}

static void fill(struct kunit *test, struct pair *p, struct rnd_state *rnd)
{
	unsigned int i, first, nr;

	for (i = 0; i < 24; i++) {
		first = prandom_u32_state(rnd) % WINDOW;
		nr = 1 + prandom_u32_state(rnd) % 32;
		if (i == 0) {
			first = round_down(first, PTRS_PER_PTE);
			nr = PTRS_PER_PTE;
		}
		nr = min_t(unsigned int, nr, WINDOW - first);
		pg_table_map(p->from, p->base + first * PAGE_SIZE, PHYS + first * PAGE_SIZE,
			     nr * PAGE_SIZE, PAGE_KERNEL);
	}
}

static void random_links_match_model(struct kunit *test)
{
	const unsigned long half = WINDOW / 2 * PAGE_SIZE;
	const unsigned long bases[] = {
		0, 2UL * PUD_SIZE - half, P4D_SIZE - half, PGDIR_SIZE - half,
	};
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i, j;
	int round;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "the kernel is in the lower half");
	KUNIT_ASSERT_NOT_NULL(test, p);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < 4 * ARRAY_SIZE(bases); i++) {
		j = i % ARRAY_SIZE(bases);
		if (bases[j] > TASK_SIZE_MAX - 2 * half)
			continue;
		p->from = new_context(test);
		p->to = new_context(test);
		p->base = bases[j];
		p->empty = pgtables_bytes(p->to);
		fill(test, p, &rnd);
		for (round = 0; round < 60; round++)
			random_link(test, p, &rnd, seed, round);
		KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(p->to, round_down(p->base, P4D_SIZE),
							min(2UL * P4D_SIZE, TASK_SIZE_MAX -
							    round_down(p->base, P4D_SIZE))));
		KUNIT_EXPECT_EQ(test, expect_accounted(test, p->to, p->empty).pages, 0);
		cond_resched();
	}
}

/* Random rows against a count of the entries one by one. */
static void random_scopes_match_model(struct kunit *test)
{
	struct pg_table_scope scope[4] = { };
	u32 seed = get_random_u32();
	struct pg_table *pgt;
	struct rnd_state rnd;
	unsigned int i, j, want;
	unsigned long addr;
	int round;

	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	for (round = 0; round < 12; round++) {
		pgt = new_context(test);
		for (i = 0; i < ARRAY_SIZE(scope); i++) {
			scope[i].start = prandom_u32_state(&rnd) % (64 * PAGE_SIZE);
			scope[i].end = scope[i].start + prandom_u32_state(&rnd) % (4 * PAGE_SIZE);
			scope[i].unit = PAGE_SIZE;
		}
		want = 0;
		for (i = 0; i < 70; i++) {
			addr = i * PAGE_SIZE;
			if (prandom_u32_state(&rnd) % 2)
				continue;
			KUNIT_ASSERT_EQ(test, 0, map_page(pgt, addr));
			for (j = 0; j < ARRAY_SIZE(scope); j++)
				if (scope[j].end > scope[j].start && addr < scope[j].end &&
				    addr + PAGE_SIZE > scope[j].start)
					break;
			want += j == ARRAY_SIZE(scope);
		}
		KUNIT_EXPECT_EQ_MSG(test, want, pg_table_count_outside(pgt, 0, PMD_SIZE - 1, scope,
								       ARRAY_SIZE(scope)),
				    "seed %u, round %d", seed, round);
	}
}

/* Part of it must be at its own place, and nothing around it. */
static void scope_of_each_unit_is_linked(struct kunit *test)
{
	struct pg_table *from = new_context(test), *to;
	struct pg_table_scope row = { };
	unsigned long addr;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_64BIT) || IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "the lower half is too small or contains the kernel");
	for (addr = 0; addr < 4UL * PUD_SIZE; addr += PUD_SIZE / 2)
		KUNIT_ASSERT_EQ(test, 0, map_page(from, addr + PAGE_SIZE));
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		row.unit = units[i];
		if (!can_link(from, row.unit) || row.unit > PUD_SIZE)
			continue;
		to = new_context(test);
		row.start = PUD_SIZE / 2 + PAGE_SIZE + 1;
		row.end = PUD_SIZE + 2 * PAGE_SIZE - 1;
		KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &row));
		for (addr = 0; addr < 4UL * PUD_SIZE; addr += PUD_SIZE / 2)
			KUNIT_EXPECT_EQ_MSG(test, at(to, addr + PAGE_SIZE),
					    addr + PAGE_SIZE >= round_down(row.start, row.unit) &&
					    addr + PAGE_SIZE < round_up(row.end, row.unit) ?
					    PHYS + addr + PAGE_SIZE : 0,
					    "%lx by %lx", addr, row.unit);
		/* As long as it goes on from one large page to the next. */
		KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(to, 0, 4UL * PUD_SIZE));
	}
}

/* The first and the last page of a large one, and two pages across its end. */
static void scope_replaces_only_large_pages_in_range(struct kunit *test)
{
	static const struct {
		unsigned long first, nr;
	} rows[] = {
		{ 5 * PMD_SIZE, 1 },
		{ 6 * PMD_SIZE - PAGE_SIZE, 1 },
		{ 6 * PMD_SIZE - PAGE_SIZE, 2 },
		{ 5 * PMD_SIZE + PAGE_SIZE, PTRS_PER_PTE },
		{ 9 * PMD_SIZE - PAGE_SIZE, 1 },
	};
	struct pg_table *from = new_context(test), *to;
	struct pg_table_scope row = { .unit = PAGE_SIZE };
	unsigned long addr, first, end;
	unsigned int i;

	if (!arch_vmap_pmd_supported(PAGE_KERNEL))
		kunit_skip(test, "no large entries");

	for (addr = 4 * PMD_SIZE; addr < 9 * PMD_SIZE; addr += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(from, addr, 2 * PHYS + addr, PAGE_SIZE,
						      PAGE_KERNEL));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		to = new_context(test);
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 0, PHYS, 9 * PMD_SIZE, PAGE_KERNEL));
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(to, 9 * PMD_SIZE, PHYS, PAGE_SIZE,
						      PAGE_KERNEL));
		row.start = rows[i].first;
		row.end = row.start + rows[i].nr * PAGE_SIZE;
		KUNIT_EXPECT_EQ(test, 0, pg_table_link_scope(to, from, &row));
		first = round_down(row.start, PMD_SIZE);
		end = round_up(row.end, PMD_SIZE);
		for (addr = 0; addr < 9 * PMD_SIZE; addr += PAGE_SIZE) {
			phys_addr_t want = PHYS + addr;

			if (addr >= first && addr < end)
				want = 0;
			if (addr >= row.start && addr < row.end)
				want = 2 * PHYS + addr;
			if (at(to, addr) != want)
				break;
		}
		KUNIT_EXPECT_EQ_MSG(test, addr, 9 * PMD_SIZE, "row %u", i);
	}
}

static struct kunit_case pg_table_link_cases[] = {
	KUNIT_CASE(tables_below_link_are_shared),
	KUNIT_CASE(ranges_cross_table_pages),
	KUNIT_CASE(destroy_keeps_linked_tables),
	KUNIT_CASE(linked_tables_are_not_changed),
	KUNIT_CASE(own_tables_are_not_replaced),
	KUNIT_CASE(conflict_at_the_end_links_nothing),
	KUNIT_CASE(linked_table_is_not_written),
	KUNIT_CASE(stale_owner_is_ignored),
	KUNIT_CASE(stale_owner_of_kernel_page_is_cleared),
	KUNIT_CASE(free_clears_owner),
	KUNIT_CASE(links_are_replaced),
	KUNIT_CASE(large_entry_is_copied_whole),
	KUNIT_CASE(large_entry_is_linked_and_replaced),
	KUNIT_CASE(invalid_links_are_rejected),
	KUNIT_CASE(link_skips_holes),
	KUNIT_CASE(links_to_an_owner_are_counted),
	KUNIT_CASE(template_maps_kernel_half),
	KUNIT_CASE(scope_is_linked),
	KUNIT_CASE(scope_replaces_large_page),
	KUNIT_CASE(scope_does_not_replace_own_tables),
	KUNIT_CASE(scope_at_last_address_is_rejected),
	KUNIT_CASE(entries_outside_scope_are_found),
	KUNIT_CASE(partly_covered_entry_is_outside),
	KUNIT_CASE(scope_is_printed),
	KUNIT_CASE(link_allocation_failures),
	KUNIT_CASE(random_links_match_model),
	KUNIT_CASE(random_scopes_match_model),
	KUNIT_CASE(scope_of_each_unit_is_linked),
	KUNIT_CASE(scope_replaces_only_large_pages_in_range),
	{}
};

static struct kunit_suite pg_table_link_suite = {
	.name = "pg_table_link",
	.test_cases = pg_table_link_cases,
};

kunit_test_suite(pg_table_link_suite);

MODULE_DESCRIPTION("KUnit tests of links between page tables");
MODULE_LICENSE("GPL");
