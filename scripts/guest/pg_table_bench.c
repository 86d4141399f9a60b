// SPDX-License-Identifier: GPL-2.0
/*
 * What a page table without an mm costs, against the mm that it replaces.
 *
 * scripts/compare/bench.sh adds this file and its header to the stock kernel and to ours. With
 * "pg_table_bench" on the command line it prints lines "bench: NAME VALUE".
 * Times are the smallest of many, less that of an empty run, in instructions:
 * the TSC counts these under QEMU with -icount shift=0. Memory is in bytes.
 */

#include <linux/completion.h>
#include <linux/efi.h>
#include <linux/hw_breakpoint.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/moduleparam.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/efi.h>
#include <asm/pgalloc.h>
#include <asm/text-patching.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include "pg_table_bench.h"

#define REPEAT	1000
#define NOTHING	((void)0)

#define COST(before, what, after) ({					\
	u64 __min = U64_MAX, __t;					\
	int __i;							\
									\
	for (__i = 0; __i < REPEAT; __i++) {				\
		before;							\
		__t = rdtsc();						\
		what;							\
		__t = rdtsc() - __t;					\
		after;							\
		__min = min(__min, __t);				\
	}								\
	__min;								\
})

/* For what may run with interrupts off. */
#define QUIET(before, what)						\
	COST(before; local_irq_disable(), what, local_irq_enable())

#ifdef CONFIG_PG_TABLE_CONTEXT

#include <linux/pg_table_context.h>

#include <linux/pg_table_internal.h>

#define bench_table	pg_table
#define root_of(mm)	((mm)->pgt.pgd)

static struct bench_table *create_table(void)
{
	return pg_table_create("bench");
}

static void destroy_table(struct bench_table *pgt)
{
	pg_table_put(pgt);
}

static void enter_and_leave(struct bench_table *pgt)
{
	pg_table_leave(pg_table_enter(pgt));
}

#else

#define bench_table	mm_struct
#define root_of(mm)	((mm)->pgd)

static struct bench_table *create_table(void)
{
	return mm_alloc();
}

static void destroy_table(struct bench_table *mm)
{
	mmput(mm);
}

/* use_temporary_mm() and unuse_temporary_mm() of arch/x86/kernel/alternative.c */
static void enter_and_leave(struct bench_table *mm)
{
	struct mm_struct *prev;

	if (this_cpu_read(cpu_tlbstate_shared.is_lazy))
		leave_mm();

	prev = this_cpu_read(cpu_tlbstate.loaded_mm);
	switch_mm_irqs_off(NULL, mm, current);
	if (hw_breakpoint_active())
		hw_breakpoint_disable();

	switch_mm_irqs_off(NULL, prev, current);
	if (hw_breakpoint_active())
		hw_breakpoint_restore();
}

#endif

static u64 empty;

static void __init say(const char *name, u64 value)
{
	pr_info("bench: %s %llu\n", name, value);
}

static void __init say_cost(const char *name, u64 cost)
{
	say(name, cost - empty);
}

static void __init bench_scale(void)
{
	u64 n;

	empty = QUIET(NOTHING, NOTHING);
	say("empty", empty);
	/* 200,000 instructions, if the TSC counts them. */
	say_cost("loop", QUIET(n = 100000,
			       asm volatile("1: dec %0; jnz 1b" : "+r" (n))));
}

static void __init bench_create(void)
{
	struct mm_struct *mm;
	struct bench_table *table;

	say_cost("create", COST(NOTHING, table = create_table(); destroy_table(table),
				NOTHING));
	say_cost("mm", COST(NOTHING, mm = mm_alloc(); mmput(mm), NOTHING));
}

/* What a page costs, and the two ways to fill it: they make up part of it. */
static void __init bench_pages(void)
{
	void *a = (void *)__get_free_page(GFP_KERNEL);
	void *b = (void *)__get_free_page(GFP_KERNEL);
	unsigned long page;

	say_cost("alloc_page", COST(NOTHING, page = __get_free_page(GFP_KERNEL),
				    free_page(page)));
	say_cost("free_page", COST(page = __get_free_page(GFP_KERNEL), free_page(page),
				   NOTHING));

	if (a && b) {
		say_cost("clear_page", QUIET(NOTHING, clear_page(a)));
		say_cost("copy_page", QUIET(NOTHING, copy_page(a, b)));
	}
	free_page((unsigned long)a);
	free_page((unsigned long)b);
}

static void __init bench_switch(struct mm_struct *mm)
{
	struct bench_table *table = create_table();

	if (!table)
		return;
	say_cost("switch-kernel", QUIET(NOTHING, enter_and_leave(table)));

	kthread_use_mm(mm);
	say_cost("switch-user", QUIET(NOTHING, enter_and_leave(table)));
	kthread_unuse_mm(mm);

	say_cost("switch-lazy", QUIET(kthread_use_mm(mm); kthread_unuse_mm(mm),
				      enter_and_leave(table)));
	destroy_table(table);
}

/* What is poked; never called. */
static noinline void target(void)
{
	asm volatile("nop; nop; nop; nop; nop; nop; nop; nop");
}

static void __init bench_poke(struct mm_struct *mm)
{
	u8 same[4];

	memcpy(same, target, sizeof(same));
	mutex_lock(&text_mutex);
	say_cost("poke-kernel", QUIET(NOTHING, text_poke(target, same, sizeof(same))));
	kthread_use_mm(mm);
	say_cost("poke-user", QUIET(NOTHING, text_poke(target, same, sizeof(same))));
	kthread_unuse_mm(mm);
	mutex_unlock(&text_mutex);
}

static void __init bench_efi(struct mm_struct *mm)
{
	if (!efi_enabled(EFI_RUNTIME_SERVICES))
		return;

	preempt_disable();
	say_cost("efi-kernel", COST(NOTHING,
				    arch_efi_call_virt_setup(); arch_efi_call_virt_teardown(),
				    NOTHING));
	/* The first call of a worker, as a user process left it. */
	say_cost("efi-lazy", COST(kthread_use_mm(mm); kthread_unuse_mm(mm),
				  arch_efi_call_virt_setup(); arch_efi_call_virt_teardown(),
				  NOTHING));
	preempt_enable();
}

static bool is_table(u64 entry, int level)
{
	return entry & _PAGE_PRESENT && (level > 3 || !(entry & _PAGE_PSE));
}

/* Table pages at and below @table that are not those of init_mm in its place. */
static unsigned long __init own_pages(const u64 *table, const u64 *kernel, int level)
{
	unsigned long pages = 1;
	const u64 *next, *next_k;
	int i;

	for (i = 0; level > 1 && i < PTRS_PER_PTE; i++) {
		if (!is_table(table[i], level))
			continue;
		next = __va(table[i] & PTE_PFN_MASK);
		next_k = NULL;
		if (kernel && is_table(kernel[i], level))
			next_k = __va(kernel[i] & PTE_PFN_MASK);
		if (next != next_k)
			pages += own_pages(next, next_k, level - 1);
	}
	return pages;
}

static unsigned long __init tree_pages(pgd_t *pgd)
{
	return own_pages((u64 *)pgd, (u64 *)root_of(&init_mm),
			 pgtable_l5_enabled() ? 5 : 4);
}

static size_t __init percpu_bytes(void)
{
	size_t bytes = NR_MM_COUNTERS * sizeof(s32);

#ifdef CONFIG_SCHED_MM_CID
	bytes += sizeof(struct mm_cid);
#endif
	return bytes * num_possible_cpus();
}

static size_t __init mm_bytes(struct mm_struct *mm, pgd_t *pgd)
{
	return ksize(mm) + percpu_bytes() +
	       (tree_pages(pgd) << PAGE_SHIFT) +
	       ((PAGE_SIZE << PGD_ALLOCATION_ORDER) - PAGE_SIZE);
}

#ifdef CONFIG_PG_TABLE_CONTEXT

static size_t __init table_bytes(struct bench_table *pgt)
{
	return ksize(pg_context(pgt)) + (tree_pages(pgt->pgd) << PAGE_SHIFT);
}

/* What EFI and text poking hold. */
static void __init bench_held(void)
{
	struct pg_context *ctx;
	size_t walked = 0, counted = 0;

	mutex_lock(&pg_table_list_lock);
	list_for_each_entry(ctx, &pg_table_list, list) {
		walked += table_bytes(&ctx->pgt);
		counted += ksize(ctx) + PAGE_SIZE +
			   atomic_long_read(&ctx->pgt.pgtables_bytes);
	}
	mutex_unlock(&pg_table_list_lock);
	say("held", walked);
	/* As in debugfs, which leaves out pages of the fourth level of five. */
	say("held-counted", counted);
}

#else

static size_t __init table_bytes(struct bench_table *mm)
{
	return mm_bytes(mm, mm->pgd);
}

static void __init bench_held(void)
{
	size_t bytes = mm_bytes(poking_mm, poking_mm->pgd);

	/* efi_mm is static, has no counters, and its root is as large. */
	if (efi_enabled(EFI_RUNTIME_SERVICES))
		bytes += sizeof(efi_mm) + cpumask_size() +
			 (tree_pages(efi_mm.pgd) << PAGE_SHIFT) +
			 ((PAGE_SIZE << PGD_ALLOCATION_ORDER) - PAGE_SIZE);
	say("held", bytes);
}

#endif

#ifdef CONFIG_PG_TABLE_VIEW

#include <linux/err.h>
#include <linux/pg_table_view.h>

static struct pg_table *create_view(struct mm_struct *mm, struct pg_table *template)
{
	struct pg_table *view = pg_table_create_view("bench", mm, template);

	return IS_ERR(view) ? NULL : view;
}

/* All but the first of all views, which switches code on. */
static void __init bench_view(struct mm_struct *mm)
{
	pgd_t *root = (pgd_t *)get_zeroed_page(GFP_KERNEL);
	struct pg_table *template = root ? pg_table_create_template("bench", root) : NULL;
	struct pg_table *first = template ? create_view(mm, template) : NULL;
	struct pg_table *view;

	if (first) {
		say_cost("view", COST(NOTHING,
				      view = create_view(mm, template); pg_table_put(view),
				      NOTHING));
		say("view-size", table_bytes(first));
		pg_table_put(first);
	}
	if (template)
		pg_table_put(template);
	free_page((unsigned long)root);
}

#else

static void __init bench_view(struct mm_struct *mm)
{
}

#endif

static unsigned long __init free_bytes(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	drain_all_pages(NULL);
	for_each_populated_zone(zone)
		pages += zone_page_state_snapshot(zone, NR_FREE_PAGES);
	return pages << PAGE_SHIFT;
}

static void __init bench_many(int nr)
{
	struct bench_table **tables = kvcalloc(nr, sizeof(*tables), GFP_KERNEL);
	unsigned long before, after;
	char name[16];
	int i;

	if (!tables)
		return;
	before = free_bytes();
	for (i = 0; i < nr; i++) {
		tables[i] = create_table();
		if (!tables[i])
			break;
	}
	after = free_bytes();
	if (i == nr) {
		snprintf(name, sizeof(name), "memory-%d", nr);
		say(name, before - after);
	}
	while (i--)
		destroy_table(tables[i]);
	kvfree(tables);
}

static void __init bench_size(struct mm_struct *mm)
{
	struct bench_table *table = create_table();

	if (!table)
		return;
	say("cpus", num_possible_cpus());
	say("object", ksize(table));
	say("size", table_bytes(table));
	say("mm-size", mm_bytes(mm, root_of(mm)));
	destroy_table(table);
}

static int __init bench_thread(void *done)
{
	struct mm_struct *mm = mm_alloc();

	if (mm) {
		bench_scale();
		bench_create();
		bench_view(mm);
		bench_pages();
		bench_switch(mm);
		bench_poke(mm);
		bench_efi(mm);
		bench_size(mm);
		bench_held();
		bench_many(1);
		bench_many(100);
		bench_many(10000);
		mmput(mm);
	}
	/* Not back here: this is gone after the boot. */
	kthread_complete_and_exit(done, 0);
}

/* Of building the user page table, while the system boots. */
u64 pg_table_bench_pti;

static bool wanted;
core_param(pg_table_bench, wanted, bool, 0);

/* In a kernel thread, which can take and leave the mm of a process. */
static int __init pg_table_bench_init(void)
{
	DECLARE_COMPLETION_ONSTACK(done);

	if (wanted && boot_cpu_has(X86_FEATURE_PTI))
		say("pti", pg_table_bench_pti);
	if (wanted && !IS_ERR(kthread_run(bench_thread, &done, "bench")))
		wait_for_completion(&done);
	return 0;
}
late_initcall(pg_table_bench_init);
