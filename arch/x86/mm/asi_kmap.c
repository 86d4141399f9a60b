// SPDX-License-Identifier: GPL-2.0
/*
 * kmap_local_page() of pages that restricted tables leave out: windows, and exits.
 *
 * A window maps one page in the local range of the process. mm/highmem.c keeps it across a
 * context switch, during which no other task has it. As both roots of the process link
 * the range, it stays usable if the CPU leaves and enters in between. Where a window is
 * not possible, the CPU leaves until the unmap.
 */

#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <asm/asi.h>
#include <asm/asi_window.h>
#include <asm/tlb.h>
#include <asm/tlbflush.h>

#include "mm_internal.h"

static inline int depth_of(unsigned long addr)
{
	return PFN_DOWN(addr - ASI_LOCAL_BASE) % ASI_SLOTS;
}

static inline void check_slots(pte_t *slots)
{
	if (IS_ENABLED(CONFIG_DEBUG_PG_TABLE))
		WARN_ON_ONCE(slots != asi_find_slots(current->mm));
}

/* For a task that died with a window, and for what should have been unmapped. */
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
 * Return: The entry in the tables of the current process. Without them, there is a
 * warning, and the entry maps nothing.
 */
pte_t *asi_window_pte(unsigned long addr)
{
	/* After exit_mm(), the table of another process may be loaded. */
	pte_t *slots = asi_find_slots(current->mm);

	if (unlikely(!slots))
		return missing_window();
	return slots + depth_of(addr);
}

/* PAGE_KERNEL, but not global: other processes have other pages at the address. */
static pteval_t window_prot __ro_after_init;

static int __init asi_kmap_init(void)
{
	pgprot_t prot = __pgprot(pgprot_val(PAGE_KERNEL) & ~_PAGE_GLOBAL);

	window_prot = pte_val(pfn_pte(0, prot));
	return 0;
}
core_initcall(asi_kmap_init);

/* In an entry, so that a debugging kernel sees the wrong kind of unmap. */
#define WINDOW_IS_BRIEF		_PAGE_SOFTW1

/* Why the task cannot have a window, for the statistics. */
static noinline enum asi_no_window why_not(struct mm_struct *mm)
{
	if (irq_count())
		return ASI_NO_WINDOW_INTERRUPT;
	if (current->flags & PF_KTHREAD)
		return ASI_NO_WINDOW_KTHREAD;
	if (current->flags & PF_MEMALLOC)
		return ASI_NO_WINDOW_RECLAIM;
	if (this_cpu_read(cpu_tlbstate.loaded_pgt) != &mm->pgt)
		return ASI_NO_WINDOW_OTHER;
	if (kmap_local_is_full())
		return ASI_NO_WINDOW_SLOTS;
	asi_want_slots();
	return ASI_NO_WINDOW_TABLES;
}

/*
 * From here on the task returns to this CPU and its mm, or with @brief is not preempted.
 * mm/highmem.c has functions for this, too; there, the checks cannot be combined with
 * the map.
 *
 * No window opens where the kernel mostly accesses pages of others: in interrupts and
 * bottom halves, which includes sections that disable them (a task that sends a packet
 * transmits those of others), in kernel threads and in reclaim.
 */
static __always_inline void *open_window(const struct page *page, bool brief)
{
	struct task_struct *tsk = current;
	struct mm_struct *mm = tsk->mm;
	int depth = tsk->kmap_ctrl.idx + KM_INCR - 1;
	pte_t *slots, pte;

	if (brief)
		preempt_disable();
	else
		migrate_disable();
	/* While a task has no mm, the table of another process may be loaded. */
	if (unlikely(irq_count() || tsk->flags & (PF_KTHREAD | PF_MEMALLOC) ||
		     this_cpu_read(cpu_tlbstate.loaded_pgt) != &mm->pgt ||
		     kmap_local_is_full()))
		goto none;
	slots = this_cpu_read(asi_slots.ptes);
	if (unlikely(!slots)) {
		slots = asi_find_slots(mm);
		if (!slots)
			goto none;
	}

	check_slots(slots);
	pte = __pte(page_to_phys(page) | window_prot | (brief ? WINDOW_IS_BRIEF : 0));
	/* A context switch in between writes the entry, which is written again below. */
	tsk->kmap_ctrl.pteval[depth] = pte;
	barrier();
	tsk->kmap_ctrl.idx = depth + 1;
	barrier();
	set_pte(slots + depth, pte);
	this_cpu_inc(asi_counts.windows);
	return (void *)this_cpu_read(asi_slots.addr) + depth * PAGE_SIZE;

none:
	this_cpu_inc(asi_counts.no_window[why_not(mm)]);
	if (brief)
		preempt_enable();
	else
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

/* Called in the context of open_window(), with an address in the slots of this CPU. */
static __always_inline void close_window(const void *vaddr, bool brief)
{
	unsigned long addr = (unsigned long)vaddr & PAGE_MASK;
	struct kmap_ctrl *ctrl = &current->kmap_ctrl;
	pte_t *slots = this_cpu_read(asi_slots.ptes);
	int depth = ctrl->idx - 1;

	if (IS_ENABLED(CONFIG_DEBUG_PG_TABLE) && depth >= 0)
		WARN_ON_ONCE(!(pte_flags(ctrl->pteval[depth]) & WINDOW_IS_BRIEF) == brief);
	if (unlikely(!slots || addr != this_cpu_read(asi_slots.addr) + depth * PAGE_SIZE)) {
		if (WARN_ON_ONCE(depth < 0))
			return;
		/*
		 * If a table was loaded since, kunmap_local_indexed() finds the slots.
		 * Otherwise it reports the error. It enables migration.
		 */
		if (brief)
			migrate_disable();
		kunmap_local_indexed(vaddr);
		if (brief)
			preempt_enable();
		return;
	}
	check_slots(slots);
	if (!brief)
		preempt_disable();
	set_pte(slots + depth, __pte(0));
	flush_window(addr, depth);
	ctrl->pteval[depth] = __pte(0);
	ctrl->idx = depth + 1 - KM_INCR;
	preempt_enable();
	if (!brief)
		migrate_enable();
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

/*
 * Leave until the page is unmapped. Interrupts may map pages while they interrupt a task
 * that has some.
 */
static noinline void *leave_for(void *addr, unsigned long ip)
{
	unsigned long flags;

	current->thread.asi_kmaps++;
	if (!asi_is_restricted())
		return addr;
	local_irq_save(flags);
	asi_leave(ASI_EXIT_KMAP, ip);
	local_irq_restore(flags);
	return addr;
}

static __always_inline void *map(const struct page *page, void *addr, bool brief)
{
	void *window = NULL;

	if (!is_zone_movable_page(page))
		return addr;
	if (asi_is_restricted())
		window = open_window(page, brief);
	return likely(window) ? window : leave_for(addr, _RET_IP_);
}

/**
 * asi_kmap - make a page accessible that may be in a hole
 * @page: The page.
 * @addr: Its address in the direct map.
 *
 * Opens a window, or leaves until asi_kunmap().
 *
 * Context: Any.
 * Return: The address of the window, or @addr.
 */
void *asi_kmap(const struct page *page, void *addr)
{
	return map(page, addr, false);
}
EXPORT_SYMBOL_GPL(asi_kmap);

/**
 * asi_kmap_brief - asi_kmap() for code that does not sleep before it unmaps
 * @page: The page.
 * @addr: Its address in the direct map.
 *
 * Context: Any. A window disables preemption.
 * Return: The address of the window, or @addr. Both are for asi_kunmap_brief().
 */
void *asi_kmap_brief(const struct page *page, void *addr)
{
	return map(page, addr, true);
}
EXPORT_SYMBOL_GPL(asi_kmap_brief);

/**
 * asi_kmap_span - make a page accessible, and those that follow in its folio
 * @page: The page.
 * @addr: Its address in the direct map.
 *
 * Context: Any.
 * Return: The address of a window if @page is a folio of its own, or @addr.
 */
void *asi_kmap_span(const struct page *page, void *addr)
{
	if (!PageCompound(page))
		return asi_kmap(page, addr);
	if (!is_zone_movable_page(page))
		return addr;
	if (asi_is_restricted())
		this_cpu_inc(asi_counts.no_window[ASI_NO_WINDOW_SPAN]);
	return leave_for(addr, _RET_IP_);
}
EXPORT_SYMBOL_GPL(asi_kmap_span);

/* Enter again after the last unmap, unless a context is loaded by now. */
static noinline void enter_after(const void *addr)
{
	unsigned long flags;

	/* The slots of another CPU. */
	if (WARN_ON_ONCE(asi_is_window((unsigned long)addr)))
		return;
	if (!is_zone_movable_page(virt_to_page(addr)) || --current->thread.asi_kmaps ||
	    !current->mm)
		return;
	local_irq_save(flags);
	if (this_cpu_read(cpu_tlbstate.loaded_pgt) == &current->mm->pgt)
		asi_enter(ASI_ENTER_KUNMAP);
	local_irq_restore(flags);
}

static __always_inline void unmap(const void *addr, bool brief)
{
	if ((unsigned long)addr - this_cpu_read(asi_slots.addr) < ASI_SLOTS * PAGE_SIZE)
		close_window(addr, brief);
	else if (unlikely(current->thread.asi_kmaps || asi_is_window((unsigned long)addr)))
		enter_after(addr);
}

/**
 * asi_kunmap - undo asi_kmap() or asi_kmap_span()
 * @addr: An address in the page.
 *
 * Closes the window. Without one, enters after the last such page was unmapped, if the
 * CPU still runs the task's process.
 *
 * Context: Any.
 */
void asi_kunmap(const void *addr)
{
	unmap(addr, false);
}
EXPORT_SYMBOL_GPL(asi_kunmap);

/**
 * asi_kunmap_brief - undo asi_kmap_brief()
 * @addr: What it returned, or an address in the same page.
 *
 * Context: That in which it was mapped.
 */
void asi_kunmap_brief(const void *addr)
{
	unmap(addr, true);
}
EXPORT_SYMBOL_GPL(asi_kunmap_brief);
