/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_ASI_H
#define _ASM_X86_ASI_H

#include <linux/jump_label.h>
#include <linux/percpu-defs.h>
#include <linux/types.h>

#include <asm/pgtable_types.h>
#include <asm/processor-flags.h>
#include <asm/special_insns.h>

struct mm_struct;
struct pt_regs;

/*
 * Address space isolation: user mode, and the system calls, faults and interrupts
 * that interrupt it, run on the restricted table of the process. See asi.c.
 *
 * The restricted root is the page after the root of the process, as the user root
 * is with PTI, and CR3 says whether it is loaded. No other state does.
 */
#define ASI_CR3_ROOT	PAGE_SIZE
#define ASI_CR3_PCID	1UL	/* The first variant of the ASID. */

/* The root entry of the kernel's image, modules and fixmap, with 4 and 5 levels. */
#define ASI_IMAGE_INDEX	(PTRS_PER_PGD - 1)

/**
 * enum asi_entry - where a CPU that has left becomes restricted again
 * @ASI_ENTER_USER: On the return to user mode.
 * @ASI_ENTER_KUNMAP: When a task unmaps the last page of a hole, see asi_kunmap().
 * @ASI_ENTER_NMI: At the end of an NMI that left.
 * @ASI_ENTER_SWITCH: On a switch to a process, or back to it from another table.
 *	Workers of io_uring and users of kthread_use_mm() have no other entry.
 * @NR_ASI_ENTRIES: Their number.
 */
enum asi_entry {
	ASI_ENTER_USER,
	ASI_ENTER_KUNMAP,
	ASI_ENTER_NMI,
	ASI_ENTER_SWITCH,
	NR_ASI_ENTRIES,
};

/**
 * enum asi_exit - what made a CPU leave
 * @ASI_EXIT_KMAP: kmap_local_page() or kmap_atomic() of a page in a hole, without a
 *	window; &enum asi_no_window says why.
 * @ASI_EXIT_FAULT: A page fault in a hole.
 * @ASI_EXIT_MISSED: A page fault elsewhere, where the template lacks something.
 * @ASI_EXIT_SWITCH: The load of a table that has no restricted variant.
 * @ASI_EXIT_SUSPEND: The state of the CPU is saved.
 * @NR_ASI_EXITS: Their number.
 */
enum asi_exit {
	ASI_EXIT_KMAP,
	ASI_EXIT_FAULT,
	ASI_EXIT_MISSED,
	ASI_EXIT_SWITCH,
	ASI_EXIT_SUSPEND,
	NR_ASI_EXITS,
};

/**
 * enum asi_no_window - why kmap_local_page() left instead of opening a window
 * @ASI_NO_WINDOW_SPAN: The caller may access the pages that follow in the folio.
 * @ASI_NO_WINDOW_INTERRUPT: Interrupts and tasks without bottom halves map pages of others.
 * @ASI_NO_WINDOW_KTHREAD: So does a kernel thread.
 * @ASI_NO_WINDOW_RECLAIM: So does reclaim.
 * @ASI_NO_WINDOW_OTHER: The table of the task's process is not loaded.
 * @ASI_NO_WINDOW_TABLES: The process has no table pages for the windows of this CPU.
 * @ASI_NO_WINDOW_SLOTS: The task has too many windows.
 * @NR_ASI_NO_WINDOW: Their number.
 */
enum asi_no_window {
	ASI_NO_WINDOW_SPAN,
	ASI_NO_WINDOW_INTERRUPT,
	ASI_NO_WINDOW_KTHREAD,
	ASI_NO_WINDOW_RECLAIM,
	ASI_NO_WINDOW_OTHER,
	ASI_NO_WINDOW_TABLES,
	ASI_NO_WINDOW_SLOTS,
	NR_ASI_NO_WINDOW,
};

#ifdef CONFIG_ASI
DECLARE_STATIC_KEY_FALSE(asi_key);

static __always_inline bool asi_enabled(void)
{
	return static_branch_unlikely(&asi_key);
}

/**
 * asi_is_restricted - test whether this CPU runs on a restricted table
 *
 * Context: Any. Without interrupts or preemption disabled, the result may be stale.
 * Return: True if so.
 */
static __always_inline bool asi_is_restricted(void)
{
	return asi_enabled() && __native_read_cr3() & ASI_CR3_ROOT;
}

/* The entry of the kernel's image in the restricted root beside @root. */
static __always_inline pgd_t *asi_image_entry(pgd_t *root)
{
	return (pgd_t *)((unsigned long)(root + ASI_IMAGE_INDEX) | ASI_CR3_ROOT);
}

/* A restricted root is loaded only if it maps the kernel's image; see asi_prctl.c. */
static __always_inline bool asi_maps_image(pgd_t *root)
{
	return READ_ONCE(asi_image_entry(root)->pgd);
}

void __asi_enter(enum asi_entry why);
void asi_load_process(void);
void asi_entered(enum asi_entry why);
void asi_leaving(enum asi_exit why, unsigned long ip);

/**
 * asi_enter - run on the restricted table of the process
 * @why: From where.
 *
 * Context: Interrupts disabled, the table of a process or its restricted table is
 * loaded. May be noinstr. On the way to user mode, nothing that may leave may run
 * afterwards.
 */
static __always_inline void asi_enter(enum asi_entry why)
{
	if (asi_enabled() && !(__native_read_cr3() & ASI_CR3_ROOT))
		__asi_enter(why);
}

/**
 * asi_leave - run on the table of the process
 * @why: The cause.
 * @ip: The address of the code that leaves, for debugfs.
 *
 * Context: Interrupts disabled.
 */
void asi_leave(enum asi_exit why, unsigned long ip);

/**
 * asi_cr3_of_process - what CR3 would be if this CPU had left
 * @cr3: A value of CR3.
 *
 * Context: Any.
 * Return: The value for the table of the process.
 */
static inline unsigned long asi_cr3_of_process(unsigned long cr3)
{
	return asi_enabled() && cr3 & ASI_CR3_ROOT ?
	       cr3 & ~(ASI_CR3_ROOT | ASI_CR3_PCID) : cr3;
}

/**
 * asi_fault - leave because of a page fault
 * @regs: The registers at the fault.
 * @error_code: The error code of the fault.
 * @addr: The address, in the kernel half.
 *
 * Leaves only if the kernel accessed what the table of the process maps and the
 * restricted one does not.
 *
 * Context: The page fault handler, interrupts disabled, RCU watching.
 * Return: True if the access is to be repeated.
 */
bool asi_fault(struct pt_regs *regs, unsigned long error_code, unsigned long addr);

/**
 * asi_wanted - test whether isolation was asked for
 *
 * For decisions during boot; isolation may still turn out not to be possible.
 *
 * Context: Any, after the early parameters.
 * Return: True if "asi=user" or "asi=prctl" was given.
 */
bool asi_wanted(void);

/**
 * asi_follow - repeat a change of the kernel's page table in the template
 * @addr: An address that the entry maps.
 * @level: The level of the entry.
 * @entry: Its new value.
 *
 * Where a table page of the template has entries beside a hole, they are copies.
 *
 * Context: Any. The caller flushes afterwards.
 */
void asi_follow(unsigned long addr, unsigned int level, pte_t entry);

/**
 * asi_sync_roots - add new root entries of the kernel half to restricted tables
 * @start: The first address.
 * @last: The last address.
 *
 * What is new in the direct map is added only when memory comes online.
 *
 * Context: Any context in which &pgd_lock can be taken.
 */
void asi_sync_roots(unsigned long start, unsigned long last);

/**
 * struct asi_scope - how the direct map of the template compares with its scope
 * @exposed: The number of pages of ZONE_MOVABLE that it maps.
 * @missing: The number of other pages that only the kernel's page table maps.
 * @stale: The number of entries that differ from those of the kernel's page table.
 */
struct asi_scope {
	unsigned long exposed;
	unsigned long missing;
	unsigned long stale;
};

/**
 * asi_check_scope - compare the direct map of the template with its scope
 * @scope: Set to the result.
 *
 * Context: Process context, isolation enabled. Changes of the direct map in the
 * meantime may be counted.
 */
void asi_check_scope(struct asi_scope *scope);

/**
 * struct asi_counts - what a CPU has counted
 * @entries: The entries by &enum asi_entry.
 * @flushes: How many of them had a flush.
 * @exits: The exits by &enum asi_exit.
 * @barriers: How many of them had a barrier.
 * @windows: The number of windows that were opened.
 * @no_window: Why others were not, by &enum asi_no_window.
 */
struct asi_counts {
	unsigned long entries[NR_ASI_ENTRIES];
	unsigned long flushes[NR_ASI_ENTRIES];
	unsigned long exits[NR_ASI_EXITS];
	unsigned long barriers[NR_ASI_EXITS];
	unsigned long windows;
	unsigned long no_window[NR_ASI_NO_WINDOW];
};

DECLARE_PER_CPU(struct asi_counts, asi_counts);

extern bool asi_is_opt_in;

bool asi_is_isolated(struct mm_struct *mm);
void asi_isolate(struct mm_struct *mm);
void __asi_inherit(struct mm_struct *from, struct mm_struct *to);

/**
 * asi_init_root - prepare the root of a new process
 * @root: Its root, to which the template was copied.
 *
 * With asi=prctl, a process is not isolated until asi_inherit() or asi_isolate().
 *
 * Context: Any, before the root can be loaded.
 */
static inline void asi_init_root(pgd_t *root)
{
	if (asi_enabled() && asi_is_opt_in)
		asi_image_entry(root)->pgd = 0;
}

/**
 * asi_inherit - isolate a new process if another one is
 * @from: That which forks, or that execve() replaces.
 * @to: The new one, which is not loaded yet.
 *
 * Context: The mmap_lock of @from is held.
 */
static inline void asi_inherit(struct mm_struct *from, struct mm_struct *to)
{
	if (asi_enabled())
		__asi_inherit(from, to);
}

/**
 * asi_prctl_set - set PR_SPEC_ASI of a process
 * @mm: The mm of the process.
 * @ctrl: PR_SPEC_FORCE_DISABLE isolates it, PR_SPEC_ENABLE changes nothing.
 *
 * Context: Process context, may sleep.
 * Return: 0, also if it is isolated already; -EPERM if isolation is off, and for
 *	   PR_SPEC_ENABLE if the process is isolated; -ERANGE if @ctrl is something else;
 *	   -EINTR if a fatal signal is pending, and then nothing has changed.
 */
int asi_prctl_set(struct mm_struct *mm, unsigned long ctrl);

/**
 * asi_prctl_get - get PR_SPEC_ASI of a process
 * @mm: The mm of the process.
 *
 * Context: Process context, may sleep.
 * Return: PR_SPEC_ENABLE if isolation is off; otherwise PR_SPEC_PRCTL, with
 *	   PR_SPEC_FORCE_DISABLE if the process is isolated and PR_SPEC_ENABLE if not.
 */
int asi_prctl_get(struct mm_struct *mm);
#else
static __always_inline bool asi_enabled(void) { return false; }
static __always_inline bool asi_is_restricted(void) { return false; }
static __always_inline void asi_enter(enum asi_entry why) { }
static inline void asi_leave(enum asi_exit why, unsigned long ip) { }
static inline void asi_leaving(enum asi_exit why, unsigned long ip) { }
static inline unsigned long asi_cr3_of_process(unsigned long cr3) { return cr3; }
static inline bool asi_fault(struct pt_regs *regs, unsigned long error_code,
			     unsigned long addr)
{
	return false;
}

static inline bool asi_wanted(void) { return false; }
static inline void asi_init_root(pgd_t *root) { }
static inline void asi_inherit(struct mm_struct *from, struct mm_struct *to) { }
static inline int asi_prctl_set(struct mm_struct *mm, unsigned long ctrl) { return -ENODEV; }
static inline int asi_prctl_get(struct mm_struct *mm) { return -ENODEV; }
static inline void asi_follow(unsigned long addr, unsigned int level, pte_t entry) { }
static inline void asi_sync_roots(unsigned long start, unsigned long last) { }
#endif

#endif /* _ASM_X86_ASI_H */
