// SPDX-License-Identifier: GPL-2.0
/*
 * The local range of a process, for windows: its table pages, and which slots a CPU has.
 *
 * Table pages are not allocated where a page is mapped, but on the return to user mode
 * after a process has left for lack of them, and for its children.
 */

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/pg_table.h>
#include <linux/percpu.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/task_work.h>

#include <asm/asi.h>
#include <asm/asi_window.h>
#include <asm/tlbflush.h>

#include "mm_internal.h"

static inline unsigned int nr_slot_cpus(void)
{
	return min_t(unsigned int, nr_cpu_ids, ASI_SLOT_CPUS);
}

/* The PMD entry for the slots of a CPU. */
static inline unsigned int pmd_of_cpu(unsigned int cpu)
{
	return cpu / (PTRS_PER_PTE / ASI_SLOTS);
}

/* The first slot of a CPU, or NULL. Table pages stay until the mm is freed. */
static inline pte_t *slots_of(struct mm_struct *mm, unsigned int cpu)
{
	pmd_t *pmds = READ_ONCE(mm->context.asi_local);
	pmdval_t pmd;

	if (!pmds || cpu >= nr_slot_cpus())
		return NULL;
	pmd = READ_ONCE(pmds[pmd_of_cpu(cpu)].pmd);
	if (!pmd)
		return NULL;
	return (pte_t *)__va(pmd & PTE_PFN_MASK) + ASI_SLOTS * cpu % PTRS_PER_PTE;
}

DEFINE_PER_CPU(struct asi_slots, asi_slots);

static int __init asi_local_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(asi_slots.addr, cpu) = asi_window_addr(ASI_SLOTS * cpu);
	return 0;
}
core_initcall(asi_local_init);

/**
 * asi_find_slots - find the slots of this CPU, and note them in asi_slots
 * @mm: The process of the current task, or NULL.
 *
 * Context: Process context, migration disabled.
 * Return: The entry of the first slot; NULL if the table of @mm is not loaded, or it has
 *         no table pages for this CPU.
 */
pte_t *asi_find_slots(struct mm_struct *mm)
{
	pte_t *ptes;

	if (!mm || this_cpu_read(cpu_tlbstate.loaded_pgt) != &mm->pgt)
		return NULL;
	ptes = slots_of(mm, smp_processor_id());
	/* What runs in between leaves the same table loaded. */
	this_cpu_write(asi_slots.ptes, ptes);
	return ptes;
}

struct local_tables {
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pgtable_t pte;
};

static void free_tables(struct pg_table *pgt, struct local_tables *t)
{
	if (t->pte)
		pte_free(pgt, t->pte);
	if (t->pmd)
		pmd_free(pgt, t->pmd);
	if (t->pud)
		pud_free(pgt, t->pud);
	if (t->p4d)
		p4d_free(pgt, t->p4d);
}

static bool alloc_tables(struct pg_table *pgt, struct local_tables *t, bool upper)
{
	const unsigned long addr = ASI_LOCAL_BASE;

	memset(t, 0, sizeof(*t));
	t->pte = pte_alloc_one(pgt);
	if (upper) {
		t->pmd = pmd_alloc_one(pgt, addr);
		t->pud = pud_alloc_one(pgt, addr);
		if (pgtable_l5_enabled())
			t->p4d = p4d_alloc_one(pgt, addr);
	}
	if (t->pte && (!upper || (t->pmd && t->pud && (t->p4d || !pgtable_l5_enabled()))))
		return true;
	free_tables(pgt, t);
	return false;
}

/* Link the range from both roots. */
static void link_upper(struct pg_table *pgt, struct local_tables *t)
{
	pgd_t *pgd = pgt->pgd + pgd_index(ASI_LOCAL_BASE), entry;

	set_pud(t->pud, __pud(_KERNPG_TABLE | __pa(t->pmd)));
	entry.pgd = _KERNPG_TABLE | __pa(t->pud);
	if (t->p4d) {
		set_p4d(t->p4d, __p4d(entry.pgd));
		entry.pgd = _KERNPG_TABLE | __pa(t->p4d);
	}
	WRITE_ONCE(pgd->pgd, entry.pgd);
	WRITE_ONCE(kernel_to_user_pgdp(pgd)->pgd, entry.pgd);
	pg_table_inc_nr_puds(pgt);
	pg_table_inc_nr_pmds(pgt);
	/* slots_of() on another CPU goes on from here. */
	smp_store_release(&pg_table_mm(pgt)->context.asi_local, t->pmd);
	t->p4d = NULL;
	t->pud = NULL;
	t->pmd = NULL;
}

/**
 * asi_alloc_local - allocate the table pages for the windows of a CPU
 * @pgt: The table of a process.
 * @cpu: The CPU.
 *
 * Context: Process context, may sleep.
 * Return: 0, also if there are some already; -EINVAL if there are no slots for @cpu;
 *         -ENOMEM.
 */
int asi_alloc_local(struct pg_table *pgt, unsigned int cpu)
{
	pmd_t **local = &pg_table_mm(pgt)->context.asi_local;
	pmd_t *pmds = READ_ONCE(*local);
	unsigned int i = pmd_of_cpu(cpu);
	struct local_tables t;

	if (cpu >= nr_slot_cpus())
		return -EINVAL;
	if (pmds && !pmd_none(READ_ONCE(pmds[i])))
		return 0;
	if (!alloc_tables(pgt, &t, !pmds))
		return -ENOMEM;

	spin_lock(&pgt->lock);
	if (!*local)
		link_upper(pgt, &t);
	pmds = *local;
	if (pmd_none(pmds[i])) {
		set_pmd(pmds + i, __pmd(_KERNPG_TABLE | PFN_PHYS(page_to_pfn(t.pte))));
		pg_table_inc_nr_ptes(pgt);
		t.pte = NULL;
	}
	spin_unlock(&pgt->lock);
	/* Free the pages for entries that another thread populated first. */
	free_tables(pgt, &t);
	return 0;
}

/*
 * For fork() and execve(), so that the new process does not need an exit first. If the
 * allocation fails, it does.
 */
void __asi_inherit_local(struct mm_struct *mm)
{
	/* fork() copied that of the parent. */
	mm->context.asi_local = NULL;
	if (current->mm && READ_ONCE(current->mm->context.asi_local))
		asi_alloc_local(&mm->pgt, raw_smp_processor_id());
}

/*
 * No CPU can use them: the root is about to be freed as well, and no CPU has it loaded,
 * nor will one load a PCID of the table again without a flush.
 */
void __asi_free_local(struct mm_struct *mm)
{
	struct pg_table *pgt = &mm->pgt;
	pmd_t *pmds = mm->context.asi_local;
	struct local_tables t = { .pmd = pmds };
	pgd_t *pgd = pgt->pgd + pgd_index(ASI_LOCAL_BASE);
	unsigned int i;

	if (!pmds)
		return;
	for (i = 0; i <= pmd_of_cpu(nr_slot_cpus() - 1); i++) {
		if (pmd_none(pmds[i]))
			continue;
		WARN_ON_ONCE(IS_ENABLED(CONFIG_DEBUG_PG_TABLE) &&
			     memchr_inv((void *)pmd_page_vaddr(pmds[i]), 0, PAGE_SIZE));
		pte_free(pgt, pmd_pgtable(pmds[i]));
		pg_table_dec_nr_ptes(pgt);
	}
	pg_table_dec_nr_pmds(pgt);
	pg_table_dec_nr_puds(pgt);
	t.pud = pud_offset(p4d_offset(pgd, ASI_LOCAL_BASE), ASI_LOCAL_BASE);
	if (pgtable_l5_enabled())
		t.p4d = p4d_offset(pgd, ASI_LOCAL_BASE);
	mm->context.asi_local = NULL;
	free_tables(pgt, &t);
}

static void alloc_on_return(struct callback_head *work)
{
	struct mm_struct *mm = current->mm;

	work->func = NULL;
	if (mm)
		asi_alloc_local(&mm->pgt, raw_smp_processor_id());
}

/*
 * This CPU has no slots in the process whose table is loaded. Called with migration
 * disabled; table pages are allocated on the return to user mode.
 */
void asi_want_slots(void)
{
	struct callback_head *work = &current->thread.asi_work;
	unsigned int cpu = smp_processor_id();

	if (work->func || cpu >= nr_slot_cpus())
		return;
	init_task_work(work, alloc_on_return);
	if (task_work_add(current, work, TWA_RESUME | TWAF_NO_ALLOC))
		work->func = NULL;
}
