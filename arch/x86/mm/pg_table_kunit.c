// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of contexts on x86-64: what a CPU sees while it has one loaded.
 */

#include <kunit/test.h>

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/desc.h>
#include <asm/mmu_context.h>
#include <asm/tlbflush.h>

#include "../../../mm/tests/pg_table_kunit.h"
#include "mm_internal.h"

/* In the kernel half, so that a fault has a fixup. Only EFI maps anything here. */
#define ADDR	((unsigned long)EFI_VA_END)
#define DEAD	0xdeaddeaddeaddeadUL

static struct pg_table *create_with_claim(struct kunit *test)
{
	struct pg_table *pgt = create(test);

	KUNIT_ASSERT_EQ(test, 0, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	return pgt;
}

static void map(struct kunit *test, struct pg_table *pgt, void *p)
{
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, ADDR, __pa(p), PAGE_SIZE, PAGE_KERNEL));
}

static void unmap(struct kunit *test, struct pg_table *pgt)
{
	KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(pgt, ADDR, PAGE_SIZE));
}

/* Read an address in the loaded page table; 0 if nothing is mapped there. */
static u64 look_at(unsigned long addr)
{
	u64 value;

	return copy_from_kernel_nofault(&value, (void *)addr, sizeof(value)) ? 0 : value;
}

static u64 look(void)
{
	return look_at(ADDR);
}

static u64 look_in(struct pg_table *pgt)
{
	struct pg_table *prev;
	u64 value;

	preempt_disable();
	prev = pg_table_enter(pgt);
	value = look();
	pg_table_leave(prev);
	preempt_enable();
	return value;
}

static void kernel_half_is_that_of_init_mm(struct kunit *test)
{
	struct pg_table *pgt = create(test);
	unsigned int i;

	for (i = 0; i < PTRS_PER_PGD / 2; i++)
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(pgt->pgd[i]), 0, "entry %u", i);
	/* Xen has entries of its own in each root that it loads. */
	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		i = pgd_index(GUARD_HOLE_END_ADDR);
	for (; i < PTRS_PER_PGD; i++)
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(pgt->pgd[i]),
				    pgd_val(init_mm.pgt.pgd[i]), "entry %u", i);
}

static void root_is_one_page(struct kunit *test)
{
	struct pg_table *pgt;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		pgt = create(test);
		KUNIT_EXPECT_EQ(test, 0, compound_order(virt_to_page(pgt->pgd)));
		KUNIT_EXPECT_EQ(test, 1, page_count(virt_to_page(pgt->pgd)));
		if (boot_cpu_has(X86_FEATURE_PTI))
			KUNIT_EXPECT_EQ(test, 0, __pa(pgt->pgd) & PAGE_SIZE);
	}
}

/* Try to allocate the page next to the root, where a user page table would be. */
static u64 *get_page_beside(struct kunit *test, struct pg_table *pgt)
{
	struct page *pages[256], *beside = NULL;
	unsigned int i, nr = 0;

	while (nr < ARRAY_SIZE(pages) && !beside) {
		pages[nr] = alloc_page(GFP_KERNEL);
		if (!pages[nr])
			break;
		if (page_address(pages[nr]) == kernel_to_user_pgdp(pgt->pgd))
			beside = pages[nr];
		nr++;
	}
	for (i = 0; i < nr; i++)
		if (pages[i] != beside)
			__free_page(pages[i]);
	return beside ? page_address(beside) : NULL;
}

static void root_has_no_user_page_table(struct kunit *test)
{
	struct pg_table *pgt = NULL;
	u64 *beside = NULL;
	unsigned int i;

	if (!boot_cpu_has(X86_FEATURE_PTI))
		kunit_skip(test, "PTI is off");

	/* Another user may get that page first, so try several roots. */
	for (i = 0; i < 64 && !beside; i++) {
		pgt = create(test);
		beside = get_page_beside(test, pgt);
	}
	KUNIT_ASSERT_NOT_NULL(test, beside);
	memset64(beside, DEAD, PAGE_SIZE / sizeof(u64));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, 0, 0, PAGE_SIZE, PAGE_KERNEL_EXEC));
	KUNIT_EXPECT_NE(test, pgd_val(pgt->pgd[0]), 0);
	KUNIT_EXPECT_FALSE(test, pgd_val(pgt->pgd[0]) & _PAGE_NX);
	KUNIT_EXPECT_FALSE(test, pgd_bad(pgt->pgd[0]));
	KUNIT_EXPECT_FALSE(test, p4d_bad(*p4d_offset(pgt->pgd, 0)));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, 0, PAGE_SIZE));
	for (i = 0; i < PAGE_SIZE / sizeof(u64) && beside[i] == DEAD; i++)
		;
	KUNIT_EXPECT_EQ(test, i, PAGE_SIZE / sizeof(u64));
	free_page((unsigned long)beside);
}

static void mappings_are_not_global(struct kunit *test)
{
	struct pg_table *pgt = create(test);
	unsigned long size;

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 0, 0, PAGE_SIZE, PAGE_KERNEL_EXEC));
	KUNIT_EXPECT_FALSE(test, pte_flags(*pg_table_lookup(pgt, 0, &size)) & _PAGE_GLOBAL);
}

/* A root entry may differ from the one of init_mm only where there is a claim. */
static void claim_excuses_its_own_root_entry(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test), *other = create(test);
	struct mm_struct *mm = new_mm(test);

	KUNIT_EXPECT_TRUE(test, pg_table_differs_at(pgt, ADDR));
	KUNIT_EXPECT_TRUE(test, pg_table_differs_at(pgt, round_down(ADDR, PGDIR_SIZE)));
	KUNIT_EXPECT_FALSE(test, pg_table_differs_at(pgt, PAGE_OFFSET));
	KUNIT_EXPECT_FALSE(test, pg_table_differs_at(other, ADDR));
	KUNIT_EXPECT_FALSE(test, pg_table_differs_at(&mm->pgt, ADDR));
	KUNIT_EXPECT_FALSE(test, pg_table_differs_at(&init_mm.pgt, ADDR));
}

/* The number of levels in use counts (no5lvl), not what the CPU supports. */
static void claim_needs_a_canonical_address(struct kunit *test)
{
	unsigned long start = ~__VIRTUAL_MASK;

	KUNIT_EXPECT_EQ(test, 0, pg_table_claim(create(test), start, start + PUD_SIZE));
	start -= P4D_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(create(test), start, start + PUD_SIZE));
}

static void claim_is_checked(struct kunit *test)
{
	struct pg_table *pgt = create(test);
	long empty = atomic_long_read(&pgt->pgtables_bytes);

	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(pgt, ADDR, ADDR));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(pgt, ADDR + PMD_SIZE, EFI_VA_START));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(pgt, PUD_SIZE, 2 * PUD_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(pgt, ADDR - P4D_SIZE, EFI_VA_START));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(pgt, 1UL << 63, (1UL << 63) + PUD_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, ADDR, 0, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pgt->pgtables_bytes), empty);

	KUNIT_EXPECT_EQ(test, 0, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	KUNIT_EXPECT_EQ(test, -EBUSY, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, ADDR, 0, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, EFI_VA_START - PAGE_SIZE, 0,
					      PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, EFI_VA_START, 0, PAGE_SIZE,
						    PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, EFI_VA_END - PAGE_SIZE, 0,
						    PAGE_SIZE, PAGE_KERNEL));
}

/* A context that linked table pages of init_mm does not free or change them. */
static void claim_leaves_the_kernel_alone(struct kunit *test)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset_k(ADDR), ADDR), 0);
	struct pg_table *pgt = pg_table_create(test->name);
	pud_t *copy = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, pud, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, ADDR, 0, PAGE_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_TRUE(test, pud_none(pud[pud_index(ADDR)]));
	pg_table_put(pgt);
	KUNIT_EXPECT_MEMEQ(test, copy, pud, PAGE_SIZE);
}

static void only_who_enters_sees_the_mapping(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test);
	u64 *p = page(test, 17);

	map(test, pgt, p);
	KUNIT_EXPECT_EQ(test, look(), 0);
	KUNIT_EXPECT_EQ(test, look_in(pgt), 17);
	KUNIT_EXPECT_EQ(test, look(), 0);
	unmap(test, pgt);
	KUNIT_EXPECT_EQ(test, look_in(pgt), 0);
}

/* With PCID, only the generation prevents the use of the old translation. */
static void change_is_seen_at_the_next_entry(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test);
	u64 *a = page(test, 1), *b = page(test, 2);
	unsigned long size;
	unsigned int i;
	pte_t *pte;

	for (i = 0; i < 32; i++) {
		map(test, pgt, i % 2 ? b : a);
		KUNIT_ASSERT_EQ(test, look_in(pgt), i % 2 ? 2 : 1);
		unmap(test, pgt);
		KUNIT_ASSERT_EQ(test, look_in(pgt), 0);
	}

	KUNIT_ASSERT_EQ(test, 0, pg_table_populate(pgt, ADDR, PAGE_SIZE));
	pte = pg_table_lookup(pgt, ADDR, &size);
	for (i = 0; i < 32; i++) {
		set_pte(pte, pfn_pte(PFN_DOWN(__pa(i % 2 ? b : a)),
				     arch_pg_table_prot(PAGE_KERNEL)));
		pg_table_expire(pgt);
		KUNIT_ASSERT_EQ(test, look_in(pgt), i % 2 ? 2 : 1);
	}
	set_pte(pte, __pte(0));
	pg_table_expire(pgt);
}

/*
 * If the TLB keeps a translation under its PCID, only the generation shows that it
 * is stale. An emulator may flush more than necessary, so check the number.
 */
static void changes_raise_the_generation(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test), *other = create(test);
	u64 before, after;

	KUNIT_EXPECT_NE(test, pgt->arch.ctx_id, 0);
	KUNIT_EXPECT_NE(test, pgt->arch.ctx_id, other->arch.ctx_id);

	map(test, pgt, page(test, 1));
	before = atomic64_read(&pgt->arch.tlb_gen);
	unmap(test, pgt);
	after = atomic64_read(&pgt->arch.tlb_gen);
	KUNIT_EXPECT_GT(test, after, before);
	pg_table_expire(pgt);
	KUNIT_EXPECT_GT(test, atomic64_read(&pgt->arch.tlb_gen), after);
}

/* More contexts than there are ASIDs, so that slots are reused. */
static void many_contexts_do_not_mix(struct kunit *test)
{
	struct pg_table *pgt[2 * TLB_NR_DYN_ASIDS];
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(pgt); i++) {
		pgt[i] = create_with_claim(test);
		map(test, pgt[i], page(test, 100 + i));
	}
	for (round = 0; round < 8; round++)
		for (i = 0; i < ARRAY_SIZE(pgt); i++)
			KUNIT_ASSERT_EQ(test, look_in(pgt[i]), 100 + i);
}

static void contexts_nest(struct kunit *test)
{
	struct pg_table *outer = create_with_claim(test), *inner = create_with_claim(test);
	struct pg_table *prev, *prev_outer;
	u64 seen[3];

	map(test, outer, page(test, 1));
	map(test, inner, page(test, 2));

	preempt_disable();
	prev = pg_table_enter(outer);
	seen[0] = look();
	prev_outer = pg_table_enter(inner);
	seen[1] = look();
	pg_table_leave(prev_outer);
	seen[2] = look();
	pg_table_leave(prev);
	preempt_enable();

	KUNIT_EXPECT_PTR_EQ(test, prev_outer, outer);
	KUNIT_EXPECT_EQ(test, seen[0], 1);
	KUNIT_EXPECT_EQ(test, seen[1], 2);
	KUNIT_EXPECT_EQ(test, seen[2], 1);
}

static void leaving_restores_what_was_loaded(struct kunit *test)
{
	struct pg_table *pgt = create(test), *prev, *inside, *after;
	struct mm_struct *mm = new_mm(test);
	unsigned long cr3, cr3_inside, cr3_after;
	bool user_memory, user_memory_after;

	kthread_use_mm(mm);
	preempt_disable();
	cr3 = __read_cr3();
	prev = pg_table_enter(pgt);
	inside = this_cpu_read(cpu_tlbstate.loaded_pgt);
	cr3_inside = __read_cr3();
	user_memory = nmi_uaccess_okay();
	pg_table_leave(prev);
	after = this_cpu_read(cpu_tlbstate.loaded_pgt);
	cr3_after = __read_cr3();
	user_memory_after = nmi_uaccess_okay();
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_PTR_EQ(test, prev, &mm->pgt);
	KUNIT_EXPECT_PTR_EQ(test, inside, pgt);
	KUNIT_EXPECT_PTR_EQ(test, after, prev);
	KUNIT_EXPECT_EQ(test, cr3_inside & CR3_ADDR_MASK, __sme_pa(pgt->pgd));
	KUNIT_EXPECT_EQ(test, cr3, cr3_after);
	KUNIT_EXPECT_FALSE(test, user_memory);
	KUNIT_EXPECT_TRUE(test, user_memory_after);
}

#ifdef CONFIG_MODIFY_LDT_SYSCALL
struct ldtr {
	u16 selector;
	unsigned long base;
};

static struct ldtr ldtr(void)
{
	struct desc_struct *gdt = get_cpu_gdt_ro(smp_processor_id());
	const ldt_desc *desc = (const void *)&gdt[GDT_ENTRY_LDT];
	struct ldtr r;

	store_ldt(r.selector);
	r.base = desc->base0 | desc->base1 << 16 | (unsigned long)desc->base2 << 24 |
		 (unsigned long)desc->base3 << 32;
	return r;
}

static struct ldt_struct *new_ldt(struct kunit *test)
{
	struct ldt_struct *ldt = kunit_kzalloc(test, sizeof(*ldt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ldt);
	ldt->entries = (void *)page(test, 0);
	ldt->nr_entries = 1;
	return ldt;
}
#endif

/* The LDT of the mm may be freed while the context is loaded. */
static void leaving_loads_the_new_ldt(struct kunit *test)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	struct ldt_struct *old = new_ldt(test), *new = new_ldt(test);
	struct pg_table *pgt = create(test), *prev;
	struct mm_struct *mm = new_mm(test);
	struct ldtr before, inside, after;

	if (boot_cpu_has(X86_FEATURE_PTI))
		new->slot = 1;
	kthread_use_mm(mm);
	preempt_disable();
	mm->context.ldt = old;
	load_mm_ldt(mm);
	before = ldtr();
	prev = pg_table_enter(pgt);
	inside = ldtr();
	/* flush_ldt() does nothing on this CPU, as another table is loaded. */
	smp_store_release(&mm->context.ldt, new);
	pg_table_leave(prev);
	after = ldtr();
	mm->context.ldt = NULL;
	clear_LDT();
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_EQ(test, before.selector, GDT_ENTRY_LDT * 8);
	KUNIT_EXPECT_EQ(test, inside.selector, 0);
	KUNIT_EXPECT_EQ(test, after.selector, GDT_ENTRY_LDT * 8);
	KUNIT_EXPECT_EQ(test, after.base, boot_cpu_has(X86_FEATURE_PTI) ?
			LDT_BASE_ADDR + LDT_ENTRIES * LDT_ENTRY_SIZE : (unsigned long)new->entries);
	KUNIT_EXPECT_NE(test, after.base, before.base);
#else
	kunit_skip(test, "needs CONFIG_MODIFY_LDT_SYSCALL");
#endif
}

/* IPIs that announce new state of the mm do nothing while the context is loaded. */
static void leaving_loads_the_state_of_the_mm(struct kunit *test)
{
	struct pg_table *pgt = create(test), *prev;
	struct mm_struct *mm = new_mm(test);
	unsigned long pce[4];
	u64 untag[2] = { };

	kthread_use_mm(mm);
	preempt_disable();
	prev = pg_table_enter(pgt);
	atomic_inc(&mm->context.perf_rdpmc_allowed);
	cr4_update_pce(NULL);
	pce[0] = cr4_read_shadow() & X86_CR4_PCE;
#ifdef CONFIG_ADDRESS_MASKING
	mm->context.untag_mask = ~GENMASK(62, 57);
	untag[0] = this_cpu_read(tlbstate_untag_mask);
#endif
	pg_table_leave(prev);
	pce[1] = cr4_read_shadow() & X86_CR4_PCE;
#ifdef CONFIG_ADDRESS_MASKING
	untag[1] = this_cpu_read(tlbstate_untag_mask);
	mm_reset_untag_mask(mm);
#endif
	prev = pg_table_enter(pgt);
	atomic_dec(&mm->context.perf_rdpmc_allowed);
	cr4_update_pce(NULL);
	pce[2] = cr4_read_shadow() & X86_CR4_PCE;
	pg_table_leave(prev);
	pce[3] = cr4_read_shadow() & X86_CR4_PCE;
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_EQ(test, pce[0], 0);
	KUNIT_EXPECT_EQ(test, pce[1], X86_CR4_PCE);
	KUNIT_EXPECT_EQ(test, pce[2], X86_CR4_PCE);
	KUNIT_EXPECT_EQ(test, pce[3], 0);
	if (IS_ENABLED(CONFIG_ADDRESS_MASKING)) {
		KUNIT_EXPECT_EQ(test, untag[0], -1ULL);
		KUNIT_EXPECT_EQ(test, untag[1], ~GENMASK(62, 57));
	}
}

/* A flush of the mm that was loaded takes effect when the CPU leaves the context. */
static void leaving_makes_flushes_good(struct kunit *test)
{
	struct pg_table *pgt = create(test), *prev;
	struct mm_struct *mm = new_mm(test);
	u64 here, latest;
	u16 asid;

	kthread_use_mm(mm);
	preempt_disable();
	prev = pg_table_enter(pgt);
	flush_tlb_mm(mm);
	pg_table_leave(prev);
	asid = this_cpu_read(cpu_tlbstate.loaded_asid);
	here = this_cpu_read(cpu_tlbstate.ctxs[asid].tlb_gen);
	latest = atomic64_read(&mm->pgt.arch.tlb_gen);
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_GT(test, latest, 0);
	KUNIT_EXPECT_EQ(test, here, latest);
}

/* A lazy CPU is not lazy in a context, and is lazy and up to date afterwards. */
static void lazy_mode_comes_back(struct kunit *test)
{
	bool was_lazy = false, lazy_inside = true, lazy = false;
	struct pg_table *pgt = create(test), *after = NULL;
	struct mm_struct *mm = new_mm(test);
	u64 here = 0, latest = 0;
	struct pg_table *prev;
	unsigned int i;
	u16 asid;

	for (i = 0; i < 100 && !was_lazy; i++) {
		kthread_use_mm(mm);
		kthread_unuse_mm(mm);
		preempt_disable();
		was_lazy = this_cpu_read(cpu_tlbstate_shared.is_lazy);
		if (was_lazy) {
			prev = pg_table_enter(pgt);
			lazy_inside = this_cpu_read(cpu_tlbstate_shared.is_lazy);
			flush_tlb_mm(mm);
			pg_table_leave(prev);
			lazy = this_cpu_read(cpu_tlbstate_shared.is_lazy);
			after = this_cpu_read(cpu_tlbstate.loaded_pgt);
			asid = this_cpu_read(cpu_tlbstate.loaded_asid);
			here = this_cpu_read(cpu_tlbstate.ctxs[asid].tlb_gen);
			latest = atomic64_read(&mm->pgt.arch.tlb_gen);
		}
		preempt_enable();
	}
	KUNIT_ASSERT_TRUE(test, was_lazy);
	KUNIT_EXPECT_FALSE(test, lazy_inside);
	if (cpu_feature_enabled(X86_FEATURE_XENPV)) {
		KUNIT_EXPECT_PTR_EQ(test, after, &init_mm.pgt);
		return;
	}
	KUNIT_EXPECT_TRUE(test, lazy);
	KUNIT_EXPECT_PTR_EQ(test, after, &mm->pgt);
	KUNIT_EXPECT_GT(test, latest, 0);
	KUNIT_EXPECT_EQ(test, here, latest);
}

struct reader {
	struct pg_table *pgt;
	struct pg_table *inner;
	unsigned long seen;
	unsigned long stale;
	unsigned long entered;
};

static void note(struct reader *r, u64 value)
{
	if (value == DEAD)
		r->stale++;
	else if (value)
		r->seen++;
}

/* Enter and read with interrupts enabled, also after a nested context. */
static int read_inside(void *data)
{
	struct reader *r = data;
	struct pg_table *prev, *prev_inner;
	unsigned int i;

	while (!kthread_should_stop()) {
		preempt_disable();
		prev = pg_table_enter(r->pgt);
		for (i = 0; i < 200; i++)
			note(r, look());
		prev_inner = pg_table_enter(r->inner);
		for (i = 0; i < 200; i++)
			cpu_relax();
		pg_table_leave(prev_inner);
		for (i = 0; i < 200; i++)
			note(r, look());
		pg_table_leave(prev);
		preempt_enable();
		WRITE_ONCE(r->entered, r->entered + 1);
		cond_resched();
	}
	return 0;
}

/* Many pages, since a CPU may drop any single translation by itself. */
#define GUEST_PAGES	64
#define GUEST_END	(ADDR + GUEST_PAGES * PAGE_SIZE)

struct guest {
	struct pg_table *pgt;
	int step;
	unsigned int first;
	unsigned int second;
};

static unsigned int count_mapped(void)
{
	unsigned long addr;
	unsigned int mapped = 0;

	for (addr = ADDR; addr < GUEST_END; addr += PAGE_SIZE)
		mapped += !!look_at(addr);
	return mapped;
}

/* A CPU to which this thread does not move while it waits for what runs there. */
static int other_cpu(struct kunit *test)
{
	int this_cpu = raw_smp_processor_id(), cpu;

	cpu = cpumask_any_but(cpu_online_mask, this_cpu);
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(this_cpu)));
	return cpu;
}

static bool wait_for_step(int *step, int wanted)
{
	unsigned long until = jiffies + 5 * HZ;

	while (smp_load_acquire(step) != wanted)
		if (time_after(jiffies, until))
			return false;
	return true;
}

/* Read, let the other CPU unmap, and read again without leaving in between. */
static int look_twice(void *data)
{
	struct guest *g = data;
	struct pg_table *prev;

	preempt_disable();
	prev = pg_table_enter(g->pgt);
	g->first = count_mapped();
	smp_store_release(&g->step, 1);
	if (wait_for_step(&g->step, 2))
		g->second = count_mapped();
	pg_table_leave(prev);
	preempt_enable();
	smp_store_release(&g->step, 3);
	return 0;
}

static void unmap_reaches_who_is_inside(struct kunit *test)
{
	struct guest g = { .pgt = create_with_claim(test), .second = GUEST_PAGES };
	struct task_struct *task;
	u64 *p = page(test, 1);
	unsigned long addr;
	int cpu;

	cpu = other_cpu(test);

	for (addr = ADDR; addr < GUEST_END; addr += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(g.pgt, addr, __pa(p), PAGE_SIZE,
						      PAGE_KERNEL));
	/* A neighbour keeps the table page, and with it the old entries, allocated. */
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(g.pgt, GUEST_END, 0, PAGE_SIZE, PAGE_KERNEL));
	task = kthread_create_on_cpu(look_twice, &g, cpu, "pg_table_kunit/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wake_up_process(task);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 1));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(g.pgt, ADDR, GUEST_END - ADDR));
	smp_store_release(&g.step, 2);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 3));

	KUNIT_EXPECT_EQ(test, g.first, GUEST_PAGES);
	KUNIT_EXPECT_EQ(test, g.second, 0);
}

/* Xen PV loads a root only while it is pinned. */
static bool can_be_loaded(struct pg_table *pgt)
{
	return !cpu_feature_enabled(X86_FEATURE_XENPV) || PagePinned(virt_to_page(pgt->pgd));
}

struct lazy_guest {
	struct pg_table *pgt;
	struct mm_struct *mm;
	int step;
	bool was_lazy;
	bool can_go_back;
};

/* Enter a context while the mm is used lazily, and leave it after the mm has ended. */
static int outlive_mm(void *data)
{
	struct lazy_guest *g = data;
	struct pg_table *prev;
	unsigned int i;

	for (i = 0; i < 100 && !g->was_lazy; i++) {
		kthread_use_mm(g->mm);
		kthread_unuse_mm(g->mm);
		preempt_disable();
		g->was_lazy = this_cpu_read(cpu_tlbstate.loaded_pgt) == &g->mm->pgt;
		if (g->was_lazy) {
			prev = pg_table_enter(g->pgt);
			smp_store_release(&g->step, 1);
			wait_for_step(&g->step, 2);
			g->can_go_back = can_be_loaded(prev);
			pg_table_leave(g->can_go_back ? prev : &init_mm.pgt);
		}
		preempt_enable();
	}
	smp_store_release(&g->step, 3);
	return 0;
}

static void mm_may_end_while_inside(struct kunit *test)
{
	struct lazy_guest g = { .pgt = create(test) };
	struct task_struct *task;
	int cpu;

	cpu = other_cpu(test);

	g.mm = new_mm(test);
	task = kthread_create_on_cpu(outlive_mm, &g, cpu, "pg_table_kunit/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wake_up_process(task);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 1));
	kunit_release_action(test, put_mm, g.mm);
	smp_store_release(&g.step, 2);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 3));

	KUNIT_EXPECT_TRUE(test, g.was_lazy);
	KUNIT_EXPECT_TRUE(test, g.can_go_back);
}

/* Once pg_table_unmap() has returned, no CPU may use the old translation. */
static void remote_unmap_leaves_nothing_stale(struct kunit *test)
{
	struct reader r = {
		.pgt = create_with_claim(test),
		.inner = create(test),
	};
	unsigned long until, entered, rounds = 0;
	struct task_struct *task;
	u64 *p = page(test, 0);
	unsigned int i;
	int cpu;

	cpu = other_cpu(test);

	/* A neighbour keeps the table page, and with it the old entry, allocated. */
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(r.pgt, ADDR + PAGE_SIZE, 0, PAGE_SIZE,
					      PAGE_KERNEL));
	task = kthread_create_on_cpu(read_inside, &r, cpu, "pg_table_kunit/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wake_up_process(task);

	until = jiffies + HZ;
	do {
		WRITE_ONCE(*p, ++rounds);
		map(test, r.pgt, p);
		/* Let the reader load the translation. */
		entered = READ_ONCE(r.entered);
		for (i = 0; i < 100000 && READ_ONCE(r.entered) == entered; i++)
			cpu_relax();
		unmap(test, r.pgt);
		WRITE_ONCE(*p, DEAD);
		entered = READ_ONCE(r.entered);
		for (i = 0; i < 1000 && READ_ONCE(r.entered) == entered; i++)
			cpu_relax();
	} while (time_before(jiffies, until) || rounds < 50);
	kthread_stop(task);

	kunit_info(test, "%lu rounds, %lu entries, %lu reads", rounds, r.entered, r.seen);
	KUNIT_EXPECT_GT(test, r.seen, 0);
	KUNIT_EXPECT_EQ(test, r.stale, 0);
}

/* An address whose root entry the direct map does not need yet. */
static unsigned long unused_root_entry(struct kunit *test)
{
	unsigned int i;

	for (i = pgd_index(PAGE_OFFSET); i < PTRS_PER_PGD; i++)
		if (!pgd_val(init_mm.pgt.pgd[i]))
			return ~__VIRTUAL_MASK | (unsigned long)i << PGDIR_SHIFT;
	KUNIT_FAIL_AND_ABORT(test, "the kernel half has no unused root entry");
	return 0;
}

static void clear_in_all_roots(unsigned long addr)
{
	struct page *page;

	spin_lock(&pgd_lock);
	list_for_each_entry(page, &pgd_list, lru)
		WRITE_ONCE(((pgd_t *)page_address(page))[pgd_index(addr)], native_make_pgd(0));
	WRITE_ONCE(*pgd_offset_k(addr), native_make_pgd(0));
	spin_unlock(&pgd_lock);
	flush_tlb_all();
}

/* As after hotplug of memory for which the direct map has no root entry yet. */
static void kernel_half_follows_root_entries(struct kunit *test)
{
	struct pg_table *early = create(test), *claim = create_with_claim(test), *late;
	unsigned long addr = unused_root_entry(test);
	u64 *table = page(test, 0), values[3] = { };
	struct pg_table *all[3], *prev;
	unsigned int i;
	pgd_t *pgd;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "table pages have to be announced to Xen");

	/* One page serves as the table page of each level, and as the page mapped. */
	table[0] = __pa(table) | _KERNPG_TABLE;
	pgd = pgd_offset_k(addr);
	WRITE_ONCE(*pgd, native_make_pgd(__pa(table) | _KERNPG_TABLE));
	arch_sync_kernel_mappings(addr, addr + PAGE_SIZE - 1);
	late = pg_table_create(test->name);

	all[0] = early;
	all[1] = claim;
	all[2] = late;
	preempt_disable();
	for (i = 0; i < ARRAY_SIZE(all) && all[i]; i++) {
		prev = pg_table_enter(all[i]);
		values[i] = look_at(addr);
		pg_table_leave(prev);
	}
	preempt_enable();
	clear_in_all_roots(addr);
	pg_table_put(late);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		KUNIT_EXPECT_EQ_MSG(test, values[i], table[0], "table %u", i);
}

static int grow_vmalloc(void *data)
{
	unsigned long *nr = data;
	void *p;

	while (!kthread_should_stop()) {
		p = vmalloc(4 * PMD_SIZE);
		if (p) {
			memset(p, 1, PAGE_SIZE);
			WRITE_ONCE(*nr, *nr + 1);
		}
		vfree(p);
		cond_resched();
	}
	return 0;
}

/* What vmalloc() maps later appears in the context. */
static void kernel_half_follows_vmalloc(struct kunit *test)
{
	struct pg_table *pgt = create(test), *prev, *other;
	unsigned long nr = 0, until = jiffies + HZ / 2, rounds = 0;
	struct task_struct *task;
	u64 *p, value;

	task = kthread_run(grow_vmalloc, &nr, "pg_table_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	do {
		other = pg_table_create("other");
		p = vmalloc(PAGE_SIZE);
		if (!p || !other)
			break;
		*p = ++rounds;
		preempt_disable();
		prev = pg_table_enter(rounds % 2 ? pgt : other);
		value = READ_ONCE(*p);
		pg_table_leave(prev);
		preempt_enable();
		vfree(p);
		pg_table_put(other);
		KUNIT_EXPECT_EQ(test, value, rounds);
		cond_resched();
	} while (time_before(jiffies, until));
	kthread_stop(task);
	KUNIT_EXPECT_GT(test, rounds, 0);
	KUNIT_EXPECT_GT(test, nr, 0);
}

static struct kunit_case pg_table_x86_cases[] = {
	KUNIT_CASE(kernel_half_is_that_of_init_mm),
	KUNIT_CASE(root_is_one_page),
	KUNIT_CASE(root_has_no_user_page_table),
	KUNIT_CASE(mappings_are_not_global),
	KUNIT_CASE(claim_excuses_its_own_root_entry),
	KUNIT_CASE(claim_needs_a_canonical_address),
	KUNIT_CASE(claim_is_checked),
	KUNIT_CASE(claim_leaves_the_kernel_alone),
	KUNIT_CASE(only_who_enters_sees_the_mapping),
	KUNIT_CASE(change_is_seen_at_the_next_entry),
	KUNIT_CASE(changes_raise_the_generation),
	KUNIT_CASE(many_contexts_do_not_mix),
	KUNIT_CASE(contexts_nest),
	KUNIT_CASE(leaving_restores_what_was_loaded),
	KUNIT_CASE(leaving_loads_the_new_ldt),
	KUNIT_CASE(leaving_loads_the_state_of_the_mm),
	KUNIT_CASE(leaving_makes_flushes_good),
	KUNIT_CASE(lazy_mode_comes_back),
	KUNIT_CASE(unmap_reaches_who_is_inside),
	KUNIT_CASE(mm_may_end_while_inside),
	KUNIT_CASE(remote_unmap_leaves_nothing_stale),
	KUNIT_CASE(kernel_half_follows_root_entries),
	KUNIT_CASE(kernel_half_follows_vmalloc),
	{}
};

static struct kunit_suite pg_table_x86_suite = {
	.name = "pg_table_x86",
	.test_cases = pg_table_x86_cases,
};

kunit_test_suite(pg_table_x86_suite);

MODULE_DESCRIPTION("KUnit tests of loading page tables without an mm");
MODULE_LICENSE("GPL");
