// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of address space isolation: what the template maps, and when a CPU
 * leaves and enters. Boot with: asi=user movablecore=256M, or asi=prctl
 */

#include "asi_kunit.h"

#include <linux/delay.h>
#include <linux/entry-common.h>
#include <linux/initrd.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/nmi.h>
#include <linux/pg_table_context.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/set_memory.h>
#include <linux/uaccess.h>

#include <asm/apic.h>
#include <asm/nmi.h>

#include "mm_internal.h"

/* Only the root is looked at. */
static struct pg_table template;

static int init(struct kunit *test)
{
	template.pgd = kernel_to_user_pgdp(swapper_pg_dir);
	return asi_test_init(test);
}

/* By a walk of the test's own, and by the one that debugfs shows. */
static void template_maps_its_scope(struct kunit *test)
{
	unsigned long pfn, size, nr_movable = 0, nr_others = 0, exposed = 0, wrong = 0;
	phys_addr_t is, ref;
	struct asi_scope scope;

	for (pfn = 0; pfn < max_pfn; pfn++) {
		unsigned long addr = (unsigned long)pfn_to_kaddr(pfn);
		struct page *page = pfn_to_online_page(pfn);
		bool mapped;

		if (!page || !translate(&init_mm.pgt, addr, &ref, &size))
			continue;
		mapped = translate(&template, addr, &is, &size);
		if (!is_zone_movable_page(page)) {
			nr_others++;
			wrong += !mapped || is != ref;
		} else if (!PageReserved(page)) {
			nr_movable++;
			exposed += mapped;
		}
	}
	KUNIT_EXPECT_GT(test, nr_movable, 0);
	KUNIT_EXPECT_GT(test, nr_others, 0);
	KUNIT_EXPECT_EQ(test, exposed, 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);

	asi_check_scope(&scope);
	KUNIT_EXPECT_EQ(test, scope.exposed, 0);
	KUNIT_EXPECT_EQ(test, scope.missing, 0);
	KUNIT_EXPECT_EQ(test, scope.stale, 0);
}

/* Translations of the hole must not survive the write of CR3. */
static void hole_is_not_global(struct kunit *test)
{
	struct page *page = get_movable(test);
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)page_address(page), &level);

	KUNIT_ASSERT_NOT_NULL(test, pte);
	KUNIT_EXPECT_FALSE(test, pte_flags(*pte) & _PAGE_GLOBAL);
}

#define NR_PAGES	4
#define ORDER		2

static void free_reserved(void *arg)
{
	struct page *pages = arg;
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		ClearPageReserved(pages + i);
	__free_pages(pages, ORDER);
}

/* As at the end of the boot, with pages that stand for the initrd. */
static void expect_kept(struct kunit *test, void *p, unsigned long start, unsigned long end,
			unsigned int want)
{
	unsigned long old_start = initrd_start, old_end = initrd_end;
	unsigned int i, kept = 0;

	initrd_start = (unsigned long)p + start;
	initrd_end = (unsigned long)p + end;
	for (i = 0; i < NR_PAGES; i++, p += PAGE_SIZE)
		kept |= asi_keeps(p, p + PAGE_SIZE) << i;
	initrd_start = old_start;
	initrd_end = old_end;
	KUNIT_EXPECT_EQ(test, kept, want);
}

/* What was reserved at boot stays mapped, and is not freed. The initrd is a hole. */
static void reserved_pages_are_kept(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_HIGHUSER_MOVABLE, ORDER);
	struct page *other = get_page_from(test, GFP_KERNEL);
	unsigned int i;
	void *p;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_reserved, pages));
	KUNIT_ASSERT_TRUE(test, is_zone_movable_page(pages));
	p = page_address(pages);
	KUNIT_EXPECT_FALSE(test, asi_keeps(p, p + NR_PAGES * PAGE_SIZE));
	SetPageReserved(pages + 2);
	KUNIT_EXPECT_FALSE(test, asi_keeps(p, p + 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, asi_keeps(p, p + 2 * PAGE_SIZE + 1));
	KUNIT_EXPECT_TRUE(test, asi_keeps(p + 2 * PAGE_SIZE, p + NR_PAGES * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, asi_keeps(p + 3 * PAGE_SIZE, p + NR_PAGES * PAGE_SIZE));

	for (i = 0; i < NR_PAGES; i++)
		SetPageReserved(pages + i);
	wait_for_initramfs();
	expect_kept(test, p, 0, 0, 0b1111);
	expect_kept(test, p, PAGE_SIZE, 2 * PAGE_SIZE, 0b1101);
	/* The rest of its last page is freed, too. */
	expect_kept(test, p, PAGE_SIZE, 2 * PAGE_SIZE + 1, 0b1001);

	p = page_address(other);
	SetPageReserved(other);
	KUNIT_EXPECT_FALSE(test, asi_keeps(p, p + PAGE_SIZE));
	ClearPageReserved(other);
}

static void access_leaves(struct kunit *test)
{
	struct page *movable = get_movable(test), *other = get_page_from(test, GFP_KERNEL);
	struct observed o;

	use_isolated_mm(test);
	o.before = start();
	o.value = READ_ONCE(*(u64 *)page_address(other));
	stop(&o);
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, NR_ASI_EXITS, 0);

	o.before = start();
	o.value = READ_ONCE(*(u64 *)page_address(movable));
	stop(&o);
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_FALSE(test, o.restricted);
	expect_exits(test, &o, ASI_EXIT_FAULT, 1);
	kthread_unuse_mm(current->mm);
}

/* An address that nothing maps is no reason to leave. */
static void bad_address_does_not_leave(struct kunit *test)
{
	struct observed o;
	int err;

	use_isolated_mm(test);
	o.before = start();
	err = copy_from_kernel_nofault(&o.value, (void *)(VMALLOC_END - PAGE_SIZE + 1), 8);
	stop(&o);
	KUNIT_EXPECT_LT(test, err, 0);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
	kthread_unuse_mm(current->mm);
}

static void kmap_leaves_in_its_scope(struct kunit *test)
{
	struct page *movable = get_movable(test), *other = get_page_from(test, GFP_KERNEL);
	bool mapped, still_mapped, atomic;
	struct observed o;
	u64 *outer, *p;

	use_isolated_mm(test);
	o.before = start();
	p = kmap_local_page(other);
	kunmap_local(p);
	stop(&o);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, NR_ASI_EXITS, 0);

	o.before = start();
	outer = kmap_local_page(movable);
	mapped = asi_is_restricted();
	p = kmap_local_page(movable);
	o.value = *p;
	kunmap_local(p);
	still_mapped = asi_is_restricted();
	kunmap_local(outer);
	stop(&o);
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_FALSE(test, mapped);
	KUNIT_EXPECT_FALSE(test, still_mapped);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, ASI_EXIT_KMAP, 1);
	expect_entries(test, &o, ASI_ENTER_KUNMAP, 1);

	o.before = start();
	p = kmap_atomic(movable);
	atomic = asi_is_restricted();
	kunmap_atomic(p);
	stop(&o);
	KUNIT_EXPECT_FALSE(test, atomic);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, ASI_EXIT_KMAP, 1);
	expect_entries(test, &o, ASI_ENTER_KUNMAP, 1);
	KUNIT_EXPECT_EQ(test, current->thread.asi_kmaps, 0);
	kthread_unuse_mm(current->mm);
}

/* The last C code before user mode. */
static void return_to_user_mode_enters(struct kunit *test)
{
	struct page *movable = get_movable(test);
	struct observed o;

	use_isolated_mm(test);
	start();
	READ_ONCE(*(u64 *)page_address(movable));
	o.before = counts();
	arch_exit_to_user_mode();
	stop(&o);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_entries(test, &o, ASI_ENTER_USER, 1);
	kthread_unuse_mm(current->mm);
}

static void *nmi_reads;
static u64 nmi_value;

static int on_nmi(unsigned int cmd, struct pt_regs *regs)
{
	void *p = READ_ONCE(nmi_reads);

	if (!p)
		return NMI_DONE;
	nmi_value = READ_ONCE(*(u64 *)p);
	WRITE_ONCE(nmi_reads, NULL);
	return NMI_HANDLED;
}

static void nmi_restores(struct kunit *test)
{
	struct page *movable = get_movable(test);
	struct observed o;
	unsigned int us;

	KUNIT_ASSERT_EQ(test, 0, register_nmi_handler(NMI_LOCAL, on_nmi, 0, "asi_kunit"));
	use_isolated_mm(test);
	o.before = start();
	nmi_value = 0;
	WRITE_ONCE(nmi_reads, page_address(movable));
	apic->send_IPI(smp_processor_id(), NMI_VECTOR);
	for (us = 0; us < USEC_PER_SEC && READ_ONCE(nmi_reads); us++)
		udelay(1);
	stop(&o);
	kthread_unuse_mm(current->mm);
	unregister_nmi_handler(NMI_LOCAL, "asi_kunit");
	KUNIT_EXPECT_EQ(test, nmi_value, VALUE);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, ASI_EXIT_FAULT, 1);
	expect_entries(test, &o, ASI_ENTER_NMI, 1);
}

/* Neither leaves: from one process to another, and to init_mm. */
static void switch_does_not_leave(struct kunit *test)
{
	struct mm_struct *a = new_isolated_mm(test), *b = new_isolated_mm(test);
	bool in_a, in_b, in_init_mm;
	struct observed o;

	local_irq_disable();
	switch_mm_irqs_off(NULL, a, current);
	in_a = asi_is_restricted();
	o.before = counts();
	switch_mm_irqs_off(NULL, b, current);
	in_b = asi_is_restricted();
	switch_mm_irqs_off(NULL, &init_mm, current);
	in_init_mm = asi_is_restricted();
	switch_mm_irqs_off(NULL, current->active_mm, current);
	enter_lazy_tlb(current->active_mm, current);
	stop(&o);
	KUNIT_EXPECT_TRUE(test, in_a);
	KUNIT_EXPECT_TRUE(test, in_b);
	KUNIT_EXPECT_TRUE(test, in_init_mm);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
}

/* A switch to a process enters, also to one that is loaded. */
static void switch_enters(struct kunit *test)
{
	struct page *movable = get_movable(test);
	struct observed o;
	struct mm_struct *mm = use_isolated_mm(test);

	start();
	READ_ONCE(*(u64 *)page_address(movable));
	o.before = counts();
	switch_mm_irqs_off(NULL, mm, current);
	stop(&o);
	kthread_unuse_mm(mm);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_entries(test, &o, ASI_ENTER_SWITCH, 1);
}

/* A context maps the whole kernel. */
static void context_is_an_exit(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev;
	struct observed o;

	use_isolated_mm(test);
	preempt_disable();
	o.before = start();
	prev = pg_table_enter(pgt);
	o.value = asi_is_restricted();
	pg_table_leave(prev);
	stop(&o);
	preempt_enable();
	kthread_unuse_mm(current->mm);
	KUNIT_EXPECT_EQ(test, o.value, 0);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, ASI_EXIT_SWITCH, 1);
	expect_entries(test, &o, ASI_ENTER_SWITCH, 1);
}

static void expect_same(struct kunit *test, unsigned long addr, unsigned long want_size)
{
	unsigned long size, copy_size;
	pte_t *entry = pg_table_lookup(&init_mm.pgt, addr, &size);
	pte_t *copy = pg_table_lookup(&template, addr, &copy_size);

	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_EXPECT_EQ(test, size, want_size);
	KUNIT_EXPECT_EQ(test, copy_size, want_size);
	KUNIT_EXPECT_EQ(test, pte_val(*copy) & ~(_PAGE_ACCESSED | _PAGE_DIRTY),
			pte_val(*entry) & ~(_PAGE_ACCESSED | _PAGE_DIRTY));
}

static void free_large(void *page)
{
	__free_pages(page, PMD_ORDER);
}

/* Beside a hole, a large entry is a copy: first changed as a whole, and then split. */
static void attributes_are_followed(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, PMD_ORDER);
	unsigned long addr, size;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_large, page));
	addr = (unsigned long)page_address(page);
	pg_table_lookup(&init_mm.pgt, addr, &size);
	if (size != PMD_SIZE)
		kunit_skip(test, "no large entry (%lx)", size);

	KUNIT_EXPECT_EQ(test, 0, set_memory_ro(addr, PTRS_PER_PTE));
	expect_same(test, addr, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, 0, set_memory_rw(addr, PTRS_PER_PTE));
	expect_same(test, addr, PMD_SIZE);

	KUNIT_EXPECT_EQ(test, 0, set_direct_map_invalid_noflush(page + 1));
	expect_same(test, addr, PAGE_SIZE);
	expect_same(test, addr + PAGE_SIZE, PAGE_SIZE);
	expect_unmapped(test, &template, addr + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, set_direct_map_default_noflush(page + 1));
	flush_tlb_kernel_range(addr, addr + PMD_SIZE);
	expect_same(test, addr + PAGE_SIZE, PAGE_SIZE);
	expect_mapped(test, &template, addr + PAGE_SIZE, page_to_phys(page + 1));
}

static void clear_root_entry(void *index)
{
	unsigned long i = (unsigned long)index;
	struct page *page;

	spin_lock(&pgd_lock);
	list_for_each_entry(page, &pgd_list, lru) {
		pgd_t *root = page_address(page);

		root[i] = __pgd(0);
		if (!pg_table_is_standalone(pgd_page_owner(page)))
			kernel_to_user_pgdp(root)[i] = __pgd(0);
	}
	swapper_pg_dir[i] = __pgd(0);
	template.pgd[i] = __pgd(0);
	spin_unlock(&pgd_lock);
	flush_tlb_all();
}

/* What vmalloc and memory hotplug do when they need a root entry. */
static void new_root_entries_are_followed(struct kunit *test)
{
	unsigned long i = PTRS_PER_PGD - 1, addr, direct = pgd_index(PAGE_OFFSET);
	pgdval_t before = pgd_val(template.pgd[direct]);
	struct mm_struct *mm = new_isolated_mm(test);

	while (i > PTRS_PER_PGD / 2 && pgd_val(swapper_pg_dir[i]))
		i--;
	KUNIT_ASSERT_GT(test, i, pgd_index(VMALLOC_START));
	addr = -(PTRS_PER_PGD - i) * PGDIR_SIZE;
	swapper_pg_dir[i] = swapper_pg_dir[pgd_index(VMALLOC_START)];
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, clear_root_entry, (void *)i));
	arch_sync_kernel_mappings(addr, addr);
	KUNIT_EXPECT_EQ(test, pgd_val(template.pgd[i]), pgd_val(swapper_pg_dir[i]));
	KUNIT_EXPECT_EQ(test, pgd_val(kernel_to_user_pgdp(mm->pgt.pgd)[i]),
			pgd_val(swapper_pg_dir[i]));

	/* The entry of the direct map has a hole below. */
	arch_sync_kernel_mappings(PAGE_OFFSET, PAGE_OFFSET);
	KUNIT_EXPECT_NE(test, before, pgd_val(swapper_pg_dir[direct]));
	KUNIT_EXPECT_EQ(test, before, pgd_val(template.pgd[direct]));
}

static void root_follows_the_process(struct kunit *test)
{
	struct mm_struct *mm = use_isolated_mm(test);
	pgd_t *root = mm->pgt.pgd, *restricted = kernel_to_user_pgdp(root);
	unsigned long addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	unsigned int i;

	for (i = PTRS_PER_PGD / 2; i < PTRS_PER_PGD; i++)
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(restricted[i]), pgd_val(template.pgd[i]),
				    "entry %u", i);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_EQ(test, pgd_val(restricted[pgd_index(addr)]), 0);
	KUNIT_EXPECT_EQ(test, 0, put_user(VALUE, (u64 __user *)addr));
	KUNIT_EXPECT_NE(test, pgd_val(root[pgd_index(addr)]), 0);
	KUNIT_EXPECT_EQ(test, pgd_val(restricted[pgd_index(addr)]),
			pgd_val(root[pgd_index(addr)]));
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, pgd_val(root[pgd_index(addr)]), 0);
	KUNIT_EXPECT_EQ(test, pgd_val(restricted[pgd_index(addr)]), 0);
	kthread_unuse_mm(mm);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(template_maps_its_scope),
	KUNIT_CASE(hole_is_not_global),
	KUNIT_CASE(reserved_pages_are_kept),
	KUNIT_CASE(access_leaves),
	KUNIT_CASE(bad_address_does_not_leave),
	KUNIT_CASE(kmap_leaves_in_its_scope),
	KUNIT_CASE(return_to_user_mode_enters),
	KUNIT_CASE(nmi_restores),
	KUNIT_CASE(switch_does_not_leave),
	KUNIT_CASE(switch_enters),
	KUNIT_CASE(context_is_an_exit),
	KUNIT_CASE(attributes_are_followed),
	KUNIT_CASE(new_root_entries_are_followed),
	KUNIT_CASE(root_follows_the_process),
	{}
};

static struct kunit_suite suite = {
	.name = "asi",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of address space isolation");
MODULE_LICENSE("GPL");
