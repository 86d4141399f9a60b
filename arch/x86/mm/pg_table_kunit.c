// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of contexts on x86-64: what a CPU sees while it has one loaded.
 */

#include <kunit/pg_table.h>
#include <kunit/test.h>

#include <linux/hardirq.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/cpu_entry_area.h>
#include <asm/desc.h>
#include <asm/espfix.h>
#include <asm/mmu_context.h>
#include <asm/processor.h>
#include <asm/pti.h>
#include <asm/sections.h>
#include <asm/set_memory.h>
#include <asm/text-patching.h>
#include <asm/tlbflush.h>

#include <trace/events/kmem.h>

#include "mm_internal.h"

/* In the kernel half, so that a fault has a fixup. Only EFI maps anything here. */
#define ADDR	((unsigned long)EFI_VA_END)
#define DEAD	0xdeaddeaddeaddeadUL

static struct pg_table *create_with_claim(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);

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

static void kernel_half_matches_init_mm(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
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
		pgt = new_context(test);
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

struct held_pages {
	struct task_struct *task;
	unsigned int allocated;
	long held;
};

static void note_alloc(void *data, struct page *page, unsigned int order, gfp_t gfp,
		       int migratetype)
{
	struct held_pages *p = data;

	if (!page || !in_task() || current != p->task)
		return;
	p->allocated += 1 << order;
	p->held += 1 << order;
}

static void note_free(void *data, struct page *page, unsigned int order)
{
	struct held_pages *p = data;

	if (in_task() && current == p->task)
		p->held -= 1 << order;
}

/* With the user page table, and all that was allocated for them. */
static void root_of_mm_is_freed_as_a_whole(struct kunit *test)
{
	struct held_pages p = { .task = current };
	struct mm_struct *mm = new_mm(test);
	pgd_t *first = mm->pgt.pgd, *root;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "needs tracepoints");

	KUNIT_ASSERT_EQ(test, 0, register_trace_mm_page_alloc(note_alloc, &p));
	KUNIT_EXPECT_EQ(test, 0, register_trace_mm_page_free(note_free, &p));
	root = pgd_alloc(&mm->pgt);
	if (root)
		pgd_free(&mm->pgt, root);
	unregister_trace_mm_page_alloc(note_alloc, &p);
	unregister_trace_mm_page_free(note_free, &p);
	tracepoint_synchronize_unregister();
	mm->pgt.pgd = first;
	KUNIT_EXPECT_NOT_NULL(test, root);
	KUNIT_EXPECT_GT(test, p.allocated, 0);
	KUNIT_EXPECT_EQ(test, p.held, 0);
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
		pgt = new_context(test);
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
	struct pg_table *pgt = new_context(test);
	unsigned long size;

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 0, 0, PAGE_SIZE, PAGE_KERNEL_EXEC));
	KUNIT_EXPECT_FALSE(test, pte_flags(*pg_table_lookup(pgt, 0, &size)) & _PAGE_GLOBAL);
}

/* User access requires the user bit at every level. */
static void entries_exclude_user_mode(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	unsigned long size;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen PV runs the kernel in user mode");

	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, 0, 0, PAGE_SIZE, PAGE_KERNEL));
	p4d = p4d_offset(pgt->pgd, 0);
	pud = pud_offset(p4d, 0);
	pmd = pmd_offset(pud, 0);
	KUNIT_EXPECT_FALSE(test, pgd_flags(pgt->pgd[0]) & _PAGE_USER);
	KUNIT_EXPECT_FALSE(test, p4d_flags(*p4d) & _PAGE_USER);
	KUNIT_EXPECT_FALSE(test, pud_flags(*pud) & _PAGE_USER);
	KUNIT_EXPECT_FALSE(test, pmd_flags(*pmd) & _PAGE_USER);
	KUNIT_EXPECT_FALSE(test, pte_flags(*pg_table_lookup(pgt, 0, &size)) & _PAGE_USER);
}

static void claim_entries_exclude_user_mode(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test);
	pgd_t *pgd = pgd_offset_pgd(pgt->pgd, ADDR);

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen PV runs the kernel in user mode");
	map(test, pgt, new_page(test, 0));
	KUNIT_EXPECT_FALSE(test, pgd_flags(*pgd) & _PAGE_USER);
	KUNIT_EXPECT_FALSE(test, p4d_flags(*p4d_offset(pgd, ADDR)) & _PAGE_USER);
	unmap(test, pgt);
}

/* A root entry may differ from the one of init_mm only where there is a claim. */
static void only_claimed_root_entry_may_differ(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test), *other = new_context(test);
	struct mm_struct *mm = new_mm(test);

	KUNIT_EXPECT_FALSE(test, pg_table_is_wrong_at(pgt, ADDR, 1, 2));
	KUNIT_EXPECT_FALSE(test, pg_table_is_wrong_at(pgt, round_down(ADDR, PGDIR_SIZE), 1, 2));
	KUNIT_EXPECT_TRUE(test, pg_table_is_wrong_at(pgt, PAGE_OFFSET, 1, 2));
	KUNIT_EXPECT_FALSE(test, pg_table_is_wrong_at(pgt, PAGE_OFFSET, 1, 1));
	KUNIT_EXPECT_TRUE(test, pg_table_is_wrong_at(other, ADDR, 1, 2));
	KUNIT_EXPECT_FALSE(test, pg_table_is_wrong_at(other, ADDR, 1, 1));
	KUNIT_EXPECT_TRUE(test, pg_table_is_wrong_at(other, 0, 1, 2));
	KUNIT_EXPECT_TRUE(test, pg_table_is_wrong_at(&mm->pgt, ADDR, 1, 2));
	KUNIT_EXPECT_TRUE(test, pg_table_is_wrong_at(&init_mm.pgt, ADDR, 1, 2));
}

/* The number of levels in use counts (no5lvl), not what the CPU supports. */
static void claim_needs_canonical_address(struct kunit *test)
{
	unsigned long start = ~__VIRTUAL_MASK;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "the first entry of the kernel half is Xen's");
	KUNIT_EXPECT_EQ(test, 0, pg_table_claim(new_context(test), start, start + PUD_SIZE));
	start -= P4D_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_claim(new_context(test), start, start + PUD_SIZE));
}

static void invalid_claims_are_rejected(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
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
static void claim_keeps_init_mm(struct kunit *test)
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

static void mapping_is_visible_only_inside(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test);
	u64 *p = new_page(test, 17);

	map(test, pgt, p);
	KUNIT_EXPECT_EQ(test, look(), 0);
	KUNIT_EXPECT_EQ(test, look_in(pgt), 17);
	KUNIT_EXPECT_EQ(test, look(), 0);
	unmap(test, pgt);
	KUNIT_EXPECT_EQ(test, look_in(pgt), 0);
}

/* With PCID, only the generation prevents the use of the old translation. */
static void changes_are_visible_at_next_enter(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test);
	u64 *a = new_page(test, 1), *b = new_page(test, 2);
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
static void changes_increment_generation(struct kunit *test)
{
	struct pg_table *pgt = create_with_claim(test), *other = new_context(test);
	u64 before, after;

	KUNIT_EXPECT_NE(test, pgt->arch.ctx_id, 0);
	KUNIT_EXPECT_NE(test, pgt->arch.ctx_id, other->arch.ctx_id);

	map(test, pgt, new_page(test, 1));
	before = atomic64_read(&pgt->arch.tlb_gen);
	unmap(test, pgt);
	after = atomic64_read(&pgt->arch.tlb_gen);
	KUNIT_EXPECT_GT(test, after, before);
	pg_table_expire(pgt);
	KUNIT_EXPECT_GT(test, atomic64_read(&pgt->arch.tlb_gen), after);
}

/* More contexts than there are ASIDs, so that slots are reused. */
static void translations_of_contexts_do_not_mix(struct kunit *test)
{
	struct pg_table *pgt[2 * TLB_NR_DYN_ASIDS];
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(pgt); i++) {
		pgt[i] = create_with_claim(test);
		map(test, pgt[i], new_page(test, 100 + i));
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

	map(test, outer, new_page(test, 1));
	map(test, inner, new_page(test, 2));

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

static void leave_restores_loaded_table(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev, *inside, *after;
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
	ldt->entries = (void *)new_page(test, 0);
	ldt->nr_entries = 1;
	return ldt;
}
#endif

/* The LDT of the mm may be freed while the context is loaded. */
static void leave_loads_new_ldt(struct kunit *test)
{
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	struct ldt_struct *old, *new;
	struct pg_table *pgt = new_context(test), *prev;
	struct mm_struct *mm = new_mm(test);
	struct ldtr before, inside, after;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen loads the LDT");
	old = new_ldt(test);
	new = new_ldt(test);
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
static void leave_restores_mm_state(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev;
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
static void leave_applies_missed_flushes(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev;
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
static void leave_restores_lazy_mode(struct kunit *test)
{
	bool was_lazy = false, lazy_inside = true, lazy = false;
	struct pg_table *pgt = new_context(test), *after = NULL;
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

/* An additional entry in the user page table is found. */
static void user_page_table_is_in_scope(struct kunit *test)
{
#ifdef CONFIG_MITIGATION_PAGE_TABLE_ISOLATION
	struct mm_struct *mm = new_mm(test);
	struct pg_table user = { };
	pgd_t *entry;

	if (!boot_cpu_has(X86_FEATURE_PTI))
		kunit_skip(test, "PTI is off");

	user.pgd = kernel_to_user_pgdp(mm->pgt.pgd);
	KUNIT_EXPECT_EQ(test, 0, pti_count_outside(&user));
	entry = pgd_offset_pgd(user.pgd, ADDR);
	*entry = *pgd_offset_k(PAGE_OFFSET);
	KUNIT_EXPECT_GT(test, pti_count_outside(&user), 0);
	*entry = __pgd(0);
#else
	kunit_skip(test, "needs CONFIG_MITIGATION_PAGE_TABLE_ISOLATION");
#endif
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

/* kthread_stop_put() waits for its end, after which nothing refers to @data. */
static struct task_struct *start_on(struct kunit *test, int cpu, int (*fn)(void *), void *data)
{
	struct task_struct *task = kthread_create_on_cpu(fn, data, cpu, "pg_table_kunit/%u");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	return task;
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
static int read_before_and_after_unmap(void *data)
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

static void unmap_flushes_cpus_inside(struct kunit *test)
{
	struct guest g = { .pgt = create_with_claim(test), .second = GUEST_PAGES };
	struct task_struct *task;
	u64 *p = new_page(test, 1);
	unsigned long addr;
	int cpu;

	cpu = other_cpu(test);

	for (addr = ADDR; addr < GUEST_END; addr += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(g.pgt, addr, __pa(p), PAGE_SIZE,
						      PAGE_KERNEL));
	/* A neighbour keeps the table page, and with it the old entries, allocated. */
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(g.pgt, GUEST_END, 0, PAGE_SIZE, PAGE_KERNEL));
	task = start_on(test, cpu, read_before_and_after_unmap, &g);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 1));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(g.pgt, ADDR, GUEST_END - ADDR));
	smp_store_release(&g.step, 2);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 3));
	kthread_stop_put(task);

	KUNIT_EXPECT_EQ(test, g.first, GUEST_PAGES);
	KUNIT_EXPECT_EQ(test, g.second, 0);
}

struct elsewhere {
	struct pg_table *pgt;
	struct mm_struct *mm;
	int step;
	bool in_cpumask;
};

/* Be in a context, and then in the mm that was loaded before, with interrupts enabled. */
static int stay_elsewhere(void *data)
{
	struct elsewhere *g = data;
	struct pg_table *prev;

	kthread_use_mm(g->mm);
	preempt_disable();
	prev = pg_table_enter(g->pgt);
	smp_store_release(&g->step, 1);
	wait_for_step(&g->step, 2);
	pg_table_leave(prev);
	g->in_cpumask = cpumask_test_cpu(smp_processor_id(), mm_cpumask(g->mm));
	smp_store_release(&g->step, 3);
	wait_for_step(&g->step, 4);
	preempt_enable();
	kthread_unuse_mm(g->mm);
	return 0;
}

/*
 * The flush IPIs that a flush of a page of the mm sends to the CPU. Others may arrive
 * meanwhile, but not each time.
 */
static unsigned int count_flush_ipis(struct mm_struct *mm, int cpu)
{
	const unsigned int *count = &per_cpu(irq_stat.irq_tlb_count, cpu);
	unsigned int i, before, least = UINT_MAX;

	for (i = 0; i < 5; i++) {
		before = READ_ONCE(*count);
		flush_tlb_mm_range(mm, 0, PAGE_SIZE, PAGE_SHIFT, false);
		least = min(least, READ_ONCE(*count) - before);
	}
	return least;
}

static bool flushes_by_ipi(void)
{
#ifdef CONFIG_PARAVIRT
	return pv_ops.mmu.flush_tlb_multi == native_flush_tlb_multi;
#else
	return true;
#endif
}

/* A flush of an mm does not interrupt a CPU in a context, but does afterwards. */
static void mm_flush_spares_cpus_inside(struct kunit *test)
{
	struct elsewhere g = { .pgt = new_context(test), .mm = new_mm(test) };
	unsigned int inside, afterwards;
	struct task_struct *task;
	int cpu;

	if (!flushes_by_ipi())
		kunit_skip(test, "the hypervisor flushes other CPUs");
	cpu = other_cpu(test);
	task = start_on(test, cpu, stay_elsewhere, &g);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 1));
	/* Now and then, a flush interrupts each CPU of the cpumask. */
	g.mm->context.next_trim_cpumask = jiffies + 60 * HZ;
	inside = count_flush_ipis(g.mm, cpu);
	smp_store_release(&g.step, 2);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 3));
	afterwards = count_flush_ipis(g.mm, cpu);
	smp_store_release(&g.step, 4);
	kthread_stop_put(task);

	KUNIT_EXPECT_EQ(test, inside, 0);
	KUNIT_EXPECT_TRUE(test, g.in_cpumask);
	KUNIT_EXPECT_EQ(test, afterwards, 1);
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
	bool can_be_left;
};

/* Enter a context while the mm is used lazily, and leave it after the mm has ended. */
static int leave_after_mm_exit(void *data)
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
			g->can_be_left = can_be_loaded(prev);
			pg_table_leave(g->can_be_left ? prev : &init_mm.pgt);
		}
		preempt_enable();
	}
	smp_store_release(&g->step, 3);
	return 0;
}

static void mm_may_exit_while_inside(struct kunit *test)
{
	struct lazy_guest g = { .pgt = new_context(test) };
	struct task_struct *task;
	int cpu;

	cpu = other_cpu(test);

	g.mm = new_mm(test);
	task = start_on(test, cpu, leave_after_mm_exit, &g);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 1));
	kunit_release_action(test, put_mm, g.mm);
	smp_store_release(&g.step, 2);
	KUNIT_EXPECT_TRUE(test, wait_for_step(&g.step, 3));
	kthread_stop_put(task);

	KUNIT_EXPECT_TRUE(test, g.was_lazy);
	KUNIT_EXPECT_TRUE(test, g.can_be_left);
}

/* Once pg_table_unmap() has returned, no CPU may use the old translation. */
static void no_stale_translation_after_remote_unmap(struct kunit *test)
{
	struct reader r = {
		.pgt = create_with_claim(test),
		.inner = new_context(test),
	};
	unsigned long until, entered, rounds = 0;
	struct task_struct *task;
	u64 *p = new_page(test, 0);
	unsigned int i;
	int cpu;

	cpu = other_cpu(test);

	/* A neighbour keeps the table page, and with it the old entry, allocated. */
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(r.pgt, ADDR + PAGE_SIZE, 0, PAGE_SIZE,
					      PAGE_KERNEL));
	task = start_on(test, cpu, read_inside, &r);

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
	kthread_stop_put(task);

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
	struct pg_table *early = new_context(test), *claim = create_with_claim(test), *late;
	unsigned long addr = unused_root_entry(test);
	u64 *table = new_page(test, 0), values[3] = { };
	struct pg_table *all[3], *prev;
	unsigned int i;
	pgd_t *pgd;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen PV does not accept these table pages");

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

static int allocate_repeatedly(void *data)
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
	struct pg_table *pgt = new_context(test), *prev, *other;
	unsigned long nr = 0, until = jiffies + HZ / 2, rounds = 0;
	struct task_struct *task;
	u64 *p, value;

	task = kthread_run(allocate_repeatedly, &nr, "pg_table_kunit");
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

/* Nothing of entering and leaving changes whether interrupts are on. */
static void enter_and_leave_keep_interrupt_state(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev;
	bool off[4];
	unsigned long flags;

	preempt_disable();
	prev = pg_table_enter(pgt);
	off[0] = irqs_disabled();
	pg_table_leave(prev);
	off[1] = irqs_disabled();
	local_irq_save(flags);
	prev = pg_table_enter(pgt);
	off[2] = irqs_disabled();
	pg_table_leave(prev);
	off[3] = irqs_disabled();
	local_irq_restore(flags);
	preempt_enable();

	KUNIT_EXPECT_FALSE(test, off[0]);
	KUNIT_EXPECT_FALSE(test, off[1]);
	KUNIT_EXPECT_TRUE(test, off[2]);
	KUNIT_EXPECT_TRUE(test, off[3]);
}

/* What the TLB code notes of what is loaded, which decides what is flushed later. */
static void asid_slot_matches_loaded_table(struct kunit *test)
{
	struct pg_table *pgt = new_context(test), *prev;
	struct mm_struct *mm = new_mm(test);
	struct tlb_context inside, after;
	u64 gen, gen_after;

	pg_table_expire(pgt);
	kthread_use_mm(mm);
	preempt_disable();
	prev = pg_table_enter(pgt);
	inside = this_cpu_ptr(&cpu_tlbstate)->ctxs[this_cpu_read(cpu_tlbstate.loaded_asid)];
	gen = atomic64_read(&pgt->arch.tlb_gen);
	pg_table_flush(pgt);
	after = this_cpu_ptr(&cpu_tlbstate)->ctxs[this_cpu_read(cpu_tlbstate.loaded_asid)];
	gen_after = atomic64_read(&pgt->arch.tlb_gen);
	pg_table_leave(prev);
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_EQ(test, inside.ctx_id, pgt->arch.ctx_id);
	KUNIT_EXPECT_EQ(test, inside.tlb_gen, gen);
	KUNIT_EXPECT_EQ(test, after.ctx_id, pgt->arch.ctx_id);
	KUNIT_EXPECT_EQ(test, after.tlb_gen, gen_after);
	KUNIT_EXPECT_EQ(test, gen_after, gen + 1);
}

#ifdef CONFIG_KPROBES
static struct pg_table *late_prev;

/* As if the IPI came after the CPU had left the table that is flushed. */
static int leave_before_flush(struct kprobe *kp, struct pt_regs *regs)
{
	if (late_prev)
		pg_table_leave(late_prev);
	late_prev = NULL;
	return 0;
}

static void late_flush_leaves_other_slots_alone(struct kunit *test)
{
	struct kprobe kp = {
		.symbol_name = "flush_if_loaded", .pre_handler = leave_before_flush,
	};
	struct pg_table *pgt = new_context(test);
	struct mm_struct *mm = new_mm(test);
	kprobe_opcode_t *addr;
	struct tlb_context slot;
	unsigned int i;
	bool left;

	/* More changes than those of the mm. */
	for (i = 0; i < 1000; i++)
		pg_table_expire(pgt);
	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&kp));
	/* On the call of ftrace, a probe crashes Linux 7.2: put it behind. */
	if (kprobe_ftrace(&kp)) {
		addr = kp.addr;
		unregister_kprobe(&kp);
		kp = (struct kprobe){
			.addr = addr + CALL_INSN_SIZE, .pre_handler = leave_before_flush,
		};
		KUNIT_ASSERT_EQ(test, 0, register_kprobe(&kp));
		KUNIT_ASSERT_FALSE(test, kprobe_ftrace(&kp));
	}
	kthread_use_mm(mm);
	preempt_disable();
	late_prev = pg_table_enter(pgt);
	pg_table_flush(pgt);
	left = !late_prev;
	if (!left)
		pg_table_leave(late_prev);
	slot = this_cpu_ptr(&cpu_tlbstate)->ctxs[this_cpu_read(cpu_tlbstate.loaded_asid)];
	preempt_enable();
	kthread_unuse_mm(mm);
	unregister_kprobe(&kp);

	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_EXPECT_EQ(test, slot.ctx_id, mm->pgt.arch.ctx_id);
	KUNIT_EXPECT_EQ(test, slot.tlb_gen, atomic64_read(&mm->pgt.arch.tlb_gen));
}
#else
static void late_flush_leaves_other_slots_alone(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KPROBES");
}
#endif

/* The table pages that a claim costs, and that all beside it is that of init_mm. */
static void claim_is_accounted(struct kunit *test)
{
	struct pg_table *pgt = new_context(test);
	long empty = pgtables_bytes(pgt), owned = pg_context(pgt)->nr_owned, claimed;
	p4d_t *p4d, *p4d_k, *own, *kernel;
	unsigned int i;
	pud_t *puds;

	KUNIT_ASSERT_EQ(test, 0, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	claimed = pgtables_bytes(pgt);
	KUNIT_EXPECT_EQ(test, claimed - empty, PTRS_PER_PUD * sizeof(pud_t));
	KUNIT_EXPECT_EQ(test, pg_context(pgt)->nr_owned - owned, 1 + pgtable_l5_enabled());

	p4d = p4d_offset(pgd_offset_pgd(pgt->pgd, ADDR), 0);
	p4d_k = p4d_offset(pgd_offset_k(ADDR), 0);
	own = p4d_offset(pgd_offset_pgd(pgt->pgd, ADDR), ADDR);
	kernel = p4d_offset(pgd_offset_k(ADDR), ADDR);
	for (i = 0; i < PTRS_PER_P4D; i++)
		if (!pgtable_l5_enabled() || i == p4d_index(ADDR))
			KUNIT_EXPECT_NE(test, p4d_val(*own), p4d_val(*kernel));
		else
			KUNIT_EXPECT_EQ(test, p4d_val(p4d[i]), p4d_val(p4d_k[i]));
	puds = pud_offset(own, 0);
	for (i = 0; i < PTRS_PER_PUD; i++) {
		pud_t pud = pud_offset(kernel, 0)[i];

		if (i >= pud_index(EFI_VA_END) && i < pud_index(EFI_VA_START))
			pud = __pud(0);
		KUNIT_EXPECT_EQ_MSG(test, pud_val(puds[i]), pud_val(pud), "entry %u", i);
	}

	/* A large range, and one at each end. */
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, EFI_VA_END, PHYS, PMD_SIZE, PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, pg_table_map(pgt, EFI_VA_START - PAGE_SIZE, PHYS, PAGE_SIZE,
					      PAGE_KERNEL));
	expect_mapped(test, pgt, EFI_VA_END, PHYS);
	expect_mapped(test, pgt, EFI_VA_START - PAGE_SIZE, PHYS);
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, EFI_VA_END, PMD_SIZE));
	KUNIT_EXPECT_EQ(test, 0, pg_table_unmap(pgt, EFI_VA_START - PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), claimed);
	KUNIT_EXPECT_EQ(test, pg_context(pgt)->nr_owned - owned, 1 + pgtable_l5_enabled());
}

/* A claim that fails leaves everything as it was, and can be tried again. */
static void claim_allocation_failures(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	unsigned int nth, failed = 0;
	struct pg_table *pgt;
	long empty, owned;
	pgd_t before;
	int err;

	for (nth = 1; nth < 10; nth++) {
		pgt = new_context(test);
		empty = pgtables_bytes(pgt);
		owned = pg_context(pgt)->nr_owned;
		before = *pgd_offset_pgd(pgt->pgd, ADDR);
		fail_nth(nth);
		err = pg_table_claim(pgt, EFI_VA_END, EFI_VA_START);
		fail_nth(0);
		if (!err)
			break;
		failed++;
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_EQ(test, pgtables_bytes(pgt), empty);
		KUNIT_EXPECT_EQ(test, pg_context(pgt)->nr_owned, owned);
		KUNIT_EXPECT_EQ(test, pgd_val(*pgd_offset_pgd(pgt->pgd, ADDR)), pgd_val(before));
		KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(pgt, ADDR, PHYS, PAGE_SIZE,
							    PAGE_KERNEL));
		KUNIT_EXPECT_EQ(test, 0, pg_table_claim(pgt, EFI_VA_END, EFI_VA_START));
	}
	kunit_info(test, "%d allocations failed, one at a time", failed);
	KUNIT_EXPECT_TRUE(test, !failed || failed == 1 + pgtable_l5_enabled());
#else
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
#endif
}

static pteval_t flags_at(unsigned long addr)
{
	unsigned int level;
	pte_t *pte = lookup_address(addr, &level);

	return pte ? pte_flags(*pte) : 0;
}

/* A page that vmalloc() maps has another mapping, in the direct map. */
static void direct_map_gets_attributes_except_global(struct kunit *test)
{
	unsigned long addr, alias;
	pteval_t before;
	void *p;

	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen PV has no global pages");
	p = vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, p);
	addr = (unsigned long)p;
	alias = (unsigned long)page_address(vmalloc_to_page(p));
	before = flags_at(alias);

	KUNIT_EXPECT_EQ(test, 0, set_memory_global(addr, 1));
	KUNIT_EXPECT_TRUE(test, flags_at(addr) & _PAGE_GLOBAL);
	KUNIT_EXPECT_EQ(test, flags_at(alias) & _PAGE_GLOBAL, before & _PAGE_GLOBAL);
	KUNIT_EXPECT_EQ(test, 0, set_memory_nonglobal(addr, 1));
	KUNIT_EXPECT_FALSE(test, flags_at(addr) & _PAGE_GLOBAL);
	KUNIT_EXPECT_EQ(test, flags_at(alias) & _PAGE_GLOBAL, before & _PAGE_GLOBAL);

	KUNIT_EXPECT_EQ(test, 0, set_memory_ro(addr, 1));
	KUNIT_EXPECT_FALSE(test, flags_at(addr) & _PAGE_RW);
	KUNIT_EXPECT_FALSE(test, flags_at(alias) & _PAGE_RW);
	KUNIT_EXPECT_EQ(test, 0, set_memory_rw(addr, 1));
	KUNIT_EXPECT_TRUE(test, flags_at(addr) & _PAGE_RW);
	KUNIT_EXPECT_TRUE(test, flags_at(alias) & _PAGE_RW);
	vfree(p);
}

#ifdef CONFIG_MITIGATION_PAGE_TABLE_ISOLATION
static void expect_in_user_table(struct kunit *test, struct pg_table *user, const void *p)
{
	phys_addr_t want = 0, is = 0;
	unsigned long size;

	KUNIT_EXPECT_TRUE_MSG(test, translate(user, (unsigned long)p, &is, &size),
			      "%pS is not mapped", p);
	KUNIT_EXPECT_TRUE(test, translate(&init_mm.pgt, (unsigned long)p, &want, &size));
	KUNIT_EXPECT_EQ_MSG(test, is, want, "%pS", p);
}
#endif

/* What entry code needs on each CPU that may come, and none of what it does not. */
static void user_page_table_maps_what_entry_needs(struct kunit *test)
{
#ifdef CONFIG_MITIGATION_PAGE_TABLE_ISOLATION
	struct mm_struct *mm = new_mm(test);
	struct pg_table user = { };
	void *p = vmalloc(PAGE_SIZE), *tss;
	unsigned long size;
	phys_addr_t phys;
	int cpu;

	vfree(p);
	if (!boot_cpu_has(X86_FEATURE_PTI))
		kunit_skip(test, "PTI is off");

	user.pgd = kernel_to_user_pgdp(mm->pgt.pgd);
	expect_in_user_table(test, &user, (void *)CPU_ENTRY_AREA_RO_IDT);
	expect_in_user_table(test, &user, __entry_text_start);
	expect_in_user_table(test, &user, __entry_text_end - 1);
	for_each_possible_cpu(cpu) {
		tss = &per_cpu(cpu_tss_rw, cpu);
		expect_in_user_table(test, &user, tss);
		expect_in_user_table(test, &user, &get_cpu_entry_area(cpu)->tss);
		/* The TSS fills its pages; what lies around is somebody else's. */
		expect_unmapped(test, &user, (unsigned long)tss - PAGE_SIZE);
		expect_unmapped(test, &user, (unsigned long)tss + sizeof(cpu_tss_rw));
	}
	KUNIT_EXPECT_EQ(test, p4d_val(*p4d_offset(pgd_offset_pgd(user.pgd, ESPFIX_BASE_ADDR),
						  ESPFIX_BASE_ADDR)),
			p4d_val(*p4d_offset(pgd_offset_k(ESPFIX_BASE_ADDR), ESPFIX_BASE_ADDR)));
	expect_unmapped(test, &user, PAGE_OFFSET);
	expect_unmapped(test, &user, (unsigned long)p);
	expect_unmapped(test, &user, (unsigned long)&init_task);
	expect_unmapped(test, &user, (unsigned long)user.pgd);
	expect_unmapped(test, &user, MODULES_VADDR);

	/* With pti=on, nothing of the image outlives a change of the table but entry text. */
	if (boot_cpu_has(X86_FEATURE_PGE))
		KUNIT_EXPECT_TRUE(test, flags_at((unsigned long)__entry_text_start) & _PAGE_GLOBAL);
	KUNIT_EXPECT_FALSE(test, flags_at((unsigned long)&init_task) & _PAGE_GLOBAL);
	if (!translate(&user, (unsigned long)_text, &phys, &size))
		KUNIT_EXPECT_FALSE(test, flags_at((unsigned long)_text) & _PAGE_GLOBAL);
#else
	kunit_skip(test, "needs CONFIG_MITIGATION_PAGE_TABLE_ISOLATION");
#endif
}

/* The check of the scope sees the whole kernel half, and is exact to the page. */
static void scope_of_user_page_table_is_exact(struct kunit *test)
{
#ifdef CONFIG_MITIGATION_PAGE_TABLE_ISOLATION
	unsigned long tss = (unsigned long)&per_cpu(cpu_tss_rw, 0);
	const struct {
		unsigned long addr;
		bool outside;
	} pages[] = {
		{ arch_pg_table_kernel_start, true },
		{ LDT_BASE_ADDR - PAGE_SIZE, true },
		{ LDT_BASE_ADDR, false },
		{ LDT_END_ADDR - PAGE_SIZE, false },
		{ LDT_END_ADDR, true },
		{ tss - PAGE_SIZE, true },
		{ tss, false },
		{ tss + PAGE_SIZE, true },
		{ ESPFIX_BASE_ADDR - PAGE_SIZE, true },
		{ ESPFIX_BASE_ADDR, false },
		{ CPU_ENTRY_AREA_BASE - PAGE_SIZE, true },
		{ CPU_ENTRY_AREA_BASE, false },
		{ CPU_ENTRY_AREA_BASE + P4D_SIZE, true },
		{ (unsigned long)&init_task & PAGE_MASK, true },
		{ -2 * PAGE_SIZE, true },
	};
	struct pg_table *template;
	unsigned int i;

	if (!boot_cpu_has(X86_FEATURE_PTI))
		kunit_skip(test, "PTI is off");

	template = new_template(test);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		KUNIT_ASSERT_EQ(test, 0, pg_table_map(template, pages[i].addr, PHYS, PAGE_SIZE,
						      PAGE_KERNEL));
		KUNIT_EXPECT_EQ_MSG(test, pti_count_outside(template), pages[i].outside,
				    "at %lx", pages[i].addr);
		KUNIT_ASSERT_EQ(test, 0, pg_table_unmap(template, pages[i].addr, PAGE_SIZE));
	}
#else
	kunit_skip(test, "needs CONFIG_MITIGATION_PAGE_TABLE_ISOLATION");
#endif
}

static struct kunit_case pg_table_x86_cases[] = {
	KUNIT_CASE(kernel_half_matches_init_mm),
	KUNIT_CASE(root_is_one_page),
	KUNIT_CASE(root_of_mm_is_freed_as_a_whole),
	KUNIT_CASE(root_has_no_user_page_table),
	KUNIT_CASE(mappings_are_not_global),
	KUNIT_CASE(entries_exclude_user_mode),
	KUNIT_CASE(claim_entries_exclude_user_mode),
	KUNIT_CASE(only_claimed_root_entry_may_differ),
	KUNIT_CASE(claim_needs_canonical_address),
	KUNIT_CASE(invalid_claims_are_rejected),
	KUNIT_CASE(claim_keeps_init_mm),
	KUNIT_CASE(mapping_is_visible_only_inside),
	KUNIT_CASE(changes_are_visible_at_next_enter),
	KUNIT_CASE(changes_increment_generation),
	KUNIT_CASE(translations_of_contexts_do_not_mix),
	KUNIT_CASE(contexts_nest),
	KUNIT_CASE(leave_restores_loaded_table),
	KUNIT_CASE(leave_loads_new_ldt),
	KUNIT_CASE(leave_restores_mm_state),
	KUNIT_CASE(leave_applies_missed_flushes),
	KUNIT_CASE(leave_restores_lazy_mode),
	KUNIT_CASE(user_page_table_is_in_scope),
	KUNIT_CASE(unmap_flushes_cpus_inside),
	KUNIT_CASE(mm_flush_spares_cpus_inside),
	KUNIT_CASE(mm_may_exit_while_inside),
	KUNIT_CASE(no_stale_translation_after_remote_unmap),
	KUNIT_CASE(kernel_half_follows_root_entries),
	KUNIT_CASE(kernel_half_follows_vmalloc),
	KUNIT_CASE(enter_and_leave_keep_interrupt_state),
	KUNIT_CASE(asid_slot_matches_loaded_table),
	KUNIT_CASE(late_flush_leaves_other_slots_alone),
	KUNIT_CASE(claim_is_accounted),
	KUNIT_CASE(claim_allocation_failures),
	KUNIT_CASE(direct_map_gets_attributes_except_global),
	KUNIT_CASE(user_page_table_maps_what_entry_needs),
	KUNIT_CASE(scope_of_user_page_table_is_exact),
	{}
};

static struct kunit_suite pg_table_x86_suite = {
	.name = "pg_table_x86",
	.test_cases = pg_table_x86_cases,
};

kunit_test_suite(pg_table_x86_suite);

MODULE_DESCRIPTION("KUnit tests of loading page tables without an mm");
MODULE_LICENSE("GPL");
