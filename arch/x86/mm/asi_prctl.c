// SPDX-License-Identifier: GPL-2.0
/*
 * Isolation of the processes that ask for it, with asi=prctl.
 *
 * The restricted root of a process is loaded only if it maps the kernel's image. In that
 * of a process which has not asked, this one entry is missing. The others are there, so
 * asking allocates nothing, and nothing that runs often has a test of its own.
 */

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/prctl.h>
#include <linux/smp.h>

#include <asm/asi.h>
#include <asm/tlbflush.h>

bool asi_is_opt_in __ro_after_init;

/**
 * asi_is_isolated - test whether a process runs on its restricted table
 * @mm: The mm of the process.
 *
 * Context: Any, isolation enabled.
 * Return: True if it does.
 */
bool asi_is_isolated(struct mm_struct *mm)
{
	return asi_maps_image(mm->pgt.pgd);
}

/* Interrupts may be enabled where they were: an access of a hole leaves again. */
static void enter_if_loaded(void *mm)
{
	if (this_cpu_read(cpu_tlbstate.loaded_pgt) == &((struct mm_struct *)mm)->pgt &&
	    !this_cpu_read(cpu_tlbstate_shared.is_lazy))
		asi_enter(ASI_ENTER_SWITCH);
}

static void isolate(struct mm_struct *mm)
{
	/* Its value is the same in all roots, and does not change after boot. */
	WRITE_ONCE(asi_image_entry(mm->pgt.pgd)->pgd, asi_image_entry(swapper_pg_dir)->pgd);
}

/**
 * asi_isolate - run a process on its restricted table from now on
 * @mm: The mm of the process.
 *
 * It is for good: an entry cannot be taken out of a root that may be loaded.
 *
 * Context: Process context, interrupts enabled, isolation enabled. The caller holds the
 *	    mmap_lock of @mm for writing, so that a fork or execve() in progress either
 *	    inherits or began before. May sleep.
 */
void asi_isolate(struct mm_struct *mm)
{
	mmap_assert_write_locked(mm);
	if (asi_is_isolated(mm))
		return;
	isolate(mm);
	/*
	 * A CPU that loads the table from here on sees the entry: it is set in the
	 * cpumask by a locked operation before it reads the entry. Threads on other CPUs
	 * may stay in user mode or in a guest for long, so they enter now.
	 */
	smp_mb();
	on_each_cpu_mask(mm_cpumask(mm), enter_if_loaded, mm, true);
}

void __asi_inherit(struct mm_struct *from, struct mm_struct *to)
{
	if (asi_is_isolated(from))
		isolate(to);
}

int asi_prctl_set(struct mm_struct *mm, unsigned long ctrl)
{
	if (!asi_enabled())
		return -EPERM;

	switch (ctrl) {
	case PR_SPEC_FORCE_DISABLE:
		/* Whoever asked before may still be waiting for other CPUs. */
		if (mmap_write_lock_killable(mm))
			return -EINTR;
		asi_isolate(mm);
		mmap_write_unlock(mm);
		return 0;
	case PR_SPEC_ENABLE:
		return asi_is_isolated(mm) ? -EPERM : 0;
	default:
		return -ERANGE;
	}
}

int asi_prctl_get(struct mm_struct *mm)
{
	bool isolated;

	if (!asi_enabled())
		return PR_SPEC_ENABLE;
	mmap_read_lock(mm);
	isolated = asi_is_isolated(mm);
	mmap_read_unlock(mm);
	return PR_SPEC_PRCTL | (isolated ? PR_SPEC_FORCE_DISABLE : PR_SPEC_ENABLE);
}
