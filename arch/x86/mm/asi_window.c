// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: short-lived mappings of pages that the restricted table leaves out.
 *
 * kmap_local_page() opens one in the local range of the process. mm/highmem.c keeps it
 * across a context switch, during which no other task has it. As both roots of the
 * process link the range, it stays usable if the CPU leaves and enters in between.
 *
 * Its table pages are not allocated where a page is mapped, but on the return to user
 * mode after a process has left for lack of them, and for its children.
 */

#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pgalloc.h>
#include <linux/pg_table.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/task_work.h>

#include <asm/asi.h>
#include <asm/asi_window.h>
#include <asm/tlb.h>
#include <asm/tlbflush.h>

#include "mm_internal.h"

/* The PMD entry for the slots of a CPU. */
static inline unsigned int pmd_of_cpu(unsigned int cpu)
{
	return cpu / (PTRS_PER_PTE / ASI_SLOTS);
}

static inline int depth_of(unsigned long addr)
{
	return PFN_DOWN(addr - ASI_LOCAL_BASE) % ASI_SLOTS;
}

/* The first slot of a CPU, or NULL. Table pages stay until the mm is freed. */
static inline pte_t *slots_of(struct mm_struct *mm, unsigned int cpu)
{
	pmd_t *pmds = READ_ONCE(mm->context.asi_local);
	pmdval_t pmd;

	if (unlikely(!pmds || cpu >= ASI_SLOT_CPUS))
		return NULL;
	pmd = READ_ONCE(pmds[pmd_of_cpu(cpu)].pmd);
	if (unlikely(!pmd))
		return NULL;
	return (pte_t *)__va(pmd & PTE_PFN_MASK) + ASI_SLOTS * cpu % PTRS_PER_PTE;
}

/* For a window that should have been closed before the mm changed. */
static noinline pte_t *missing_window(void)
{
	static pte_t unused;

	WARN_ONCE(1, "a window is used without the table pages of its process\n");
	unused = __pte(0);
	return &unused;
}

/**
 * asi_window_pte - the entry of a window
 * @addr: Its address, in a slot of this CPU.
 *
 * Context: Migration disabled.
 * Return: The entry in the tables of the current process.
 */
pte_t *asi_window_pte(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	pte_t *slots = mm ? slots_of(mm, smp_processor_id()) : NULL;

	return likely(slots) ? slots + depth_of(addr) : missing_window();
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
	/* asi_open_window() on another CPU goes on from here. */
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

	if (cpu >= ASI_SLOT_CPUS)
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
	/* What another thread was faster to link. */
	free_tables(pgt, &t);
	return 0;
}

/*
 * For fork() and execve(), so that the next process need not leave first. Without memory
 * it does.
 */
void asi_inherit_local(struct pg_table *pgt)
{
	if (pg_table_is_standalone(pgt))
		return;
	/* fork() copied that of the parent. */
	pg_table_mm(pgt)->context.asi_local = NULL;
	if (asi_enabled() && current->mm && READ_ONCE(current->mm->context.asi_local))
		asi_alloc_local(pgt, raw_smp_processor_id());
}

/*
 * No CPU can use them: the root is about to be freed as well, and no CPU has it loaded,
 * nor will one load a PCID of the table again without a flush.
 */
void asi_free_local(struct pg_table *pgt)
{
	pmd_t *pmds = pg_table_is_standalone(pgt) ? NULL : pg_table_mm(pgt)->context.asi_local;
	struct local_tables t = { .pmd = pmds };
	pgd_t *pgd = pgt->pgd + pgd_index(ASI_LOCAL_BASE);
	unsigned int i;

	if (!pmds)
		return;
	for (i = 0; i < PTRS_PER_PMD; i++) {
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
	pg_table_mm(pgt)->context.asi_local = NULL;
	free_tables(pgt, &t);
}

static void alloc_on_return(struct callback_head *work)
{
	work->func = NULL;
	if (current->mm)
		asi_alloc_local(&current->mm->pgt, raw_smp_processor_id());
}

static void request_tables(unsigned int cpu)
{
	struct callback_head *work = &current->thread.asi_work;

	if (work->func || cpu >= ASI_SLOT_CPUS)
		return;
	init_task_work(work, alloc_on_return);
	if (task_work_add(current, work, TWA_RESUME))
		work->func = NULL;
}

/* PAGE_KERNEL, but not global: other processes have other pages at the address. */
static pteval_t window_prot __ro_after_init;

static int __init asi_window_init(void)
{
	pgprot_t prot = __pgprot(pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL);

	window_prot = pte_val(pfn_pte(0, prot));
	return 0;
}
core_initcall(asi_window_init);

/* Why the task cannot have a window, for the statistics. */
static noinline enum asi_no_window why_not(struct mm_struct *mm, unsigned int cpu)
{
	if (irq_count())
		return ASI_NO_WINDOW_INTERRUPT;
	if (current->flags & PF_KTHREAD)
		return ASI_NO_WINDOW_KTHREAD;
	if (current->flags & PF_MEMALLOC)
		return ASI_NO_WINDOW_RECLAIM;
	if (this_cpu_read(cpu_tlbstate.loaded_pgt) != &mm->pgt)
		return ASI_NO_WINDOW_OTHER;
	if (slots_of(mm, cpu))
		return ASI_NO_WINDOW_SLOTS;
	request_tables(cpu);
	return ASI_NO_WINDOW_TABLES;
}

/**
 * asi_open_window - map a page in the local range of the process
 * @page: The page.
 *
 * Not where the kernel mostly accesses pages of others: interrupts, bottom halves, which
 * includes sections that disable them (a task that sends a packet transmits those of
 * others), kernel threads and reclaim. mm/highmem.c has functions for this, too; there,
 * the checks cannot be combined with the map.
 *
 * Context: Any, restricted when last looked at.
 * Return: The address, for asi_close_window(), or NULL if a window is not possible.
 */
void *asi_open_window(const struct page *page)
{
	struct task_struct *tsk = current;
	struct mm_struct *mm = tsk->mm;
	int depth = tsk->kmap_ctrl.idx + KM_INCR - 1;
	unsigned int cpu;
	pte_t *slots, pte;

	/* From here on the task may be preempted, but returns to this CPU and its mm. */
	migrate_disable();
	cpu = smp_processor_id();
	/* No process has the table that is loaded without an mm. */
	if (unlikely(irq_count() || tsk->flags & (PF_KTHREAD | PF_MEMALLOC) ||
		     this_cpu_read(cpu_tlbstate.loaded_pgt) != &mm->pgt ||
		     kmap_local_is_full()))
		goto none;
	slots = slots_of(mm, cpu);
	if (unlikely(!slots))
		goto none;

	pte = __pte(page_to_phys(page) | window_prot);
	/* A context switch in between writes the entry, which is written again below. */
	tsk->kmap_ctrl.pteval[depth] = pte;
	barrier();
	tsk->kmap_ctrl.idx = depth + 1;
	barrier();
	set_pte(slots + depth, pte);
	this_cpu_inc(asi_counts.windows);
	return (void *)asi_window_addr(ASI_SLOTS * cpu + depth);

none:
	this_cpu_inc(asi_counts.no_window[why_not(mm, cpu)]);
	migrate_enable();
	return NULL;
}

/*
 * Each variant that was loaded while the window existed may have its translation. The
 * loaded one is flushed now, the other one when it is loaded next.
 */
static noinline void flush_both_variants(unsigned long addr)
{
	unsigned long flags;

	/* No interrupt may load what is being marked. */
	local_irq_save(flags);
	invlpg(addr);
	/* An NMI may set it again; then it is unknown which variant it loaded. */
	WRITE_ONCE(current->thread.asi_crossed, 0);
	barrier();
	asi_expire_other_variants();
	local_irq_restore(flags);
}

/*
 * The entry is clear. Without the flush, the next window in the slot would access the
 * page of this one. An interrupt that changes the variant after the first flush finds
 * nothing mapped, and one before it is noticed here.
 */
static inline void flush_window(unsigned long addr, int depth)
{
	invlpg(addr);
	if (unlikely(depth < READ_ONCE(current->thread.asi_crossed)))
		flush_both_variants(addr);
}

/**
 * asi_flush_window - flush the translation of a window that was unmapped
 * @addr: Its address.
 *
 * Context: Process context, preemption disabled, the entry is clear.
 */
void asi_flush_window(unsigned long addr)
{
	flush_window(addr, depth_of(addr));
}

/**
 * asi_close_window - unmap a window
 * @vaddr: An address in it.
 *
 * Context: That in which it was opened.
 */
void asi_close_window(const void *vaddr)
{
	unsigned long addr = (unsigned long)vaddr & PAGE_MASK;
	struct kmap_ctrl *ctrl = &current->kmap_ctrl;
	struct mm_struct *mm = current->mm;
	unsigned int cpu = raw_smp_processor_id();
	int depth = ctrl->idx - 1;
	pte_t *slots;

	if (WARN_ON_ONCE(depth < 0))
		return;
	slots = mm ? slots_of(mm, cpu) : NULL;
	/* Reported there. */
	if (unlikely(!slots || addr != asi_window_addr(ASI_SLOTS * cpu + depth))) {
		kunmap_local_indexed(vaddr);
		return;
	}
	preempt_disable();
	set_pte(slots + depth, __pte(0));
	flush_window(addr, depth);
	ctrl->pteval[depth] = __pte(0);
	ctrl->idx = depth + 1 - KM_INCR;
	preempt_enable();
	migrate_enable();
}
