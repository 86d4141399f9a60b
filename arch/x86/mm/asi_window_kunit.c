// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of windows: what kmap_local_page() maps while a CPU is restricted, and what
 * is left of it. Boot with: asi=user movablecore=256M
 */

#include "asi_kunit.h"

#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/skbuff.h>
#include <linux/task_work.h>
#include <linux/uio.h>
#include <linux/vmstat.h>

#include <asm/asi_window.h>

#include "mm_internal.h"

/* Windows are for tasks of user mode, and tests run in kernel threads. */
static void pretend(struct mm_struct *mm)
{
	kthread_use_mm(mm);
	current->flags &= ~PF_KTHREAD;
}

static void stop_pretending(struct mm_struct *mm)
{
	current->flags |= PF_KTHREAD;
	kthread_unuse_mm(mm);
}

/* An mm with table pages for the windows of all CPUs. */
static struct mm_struct *new_local_mm(struct kunit *test)
{
	struct mm_struct *mm = new_isolated_mm(test);
	unsigned int cpu;

	for_each_online_cpu(cpu)
		KUNIT_ASSERT_EQ(test, 0, asi_alloc_local(&mm->pgt, cpu));
	return mm;
}

static struct mm_struct *pretend_new(struct kunit *test)
{
	struct mm_struct *mm = new_local_mm(test);

	pretend(mm);
	return mm;
}

/* Of all slots of all CPUs. */
static unsigned int count_windows(struct mm_struct *mm)
{
	pmd_t *pmds = mm->context.asi_local;
	unsigned int i, j, count = 0;

	for (i = 0; pmds && i < PTRS_PER_PMD; i++) {
		pte_t *ptes = pmd_none(pmds[i]) ? NULL : (pte_t *)pmd_page_vaddr(pmds[i]);

		for (j = 0; ptes && j < PTRS_PER_PTE; j++)
			count += !pte_none(ptes[j]);
	}
	return count;
}

/* Where the two roots of a process map an address, or 0. */
struct found {
	phys_addr_t process;
	phys_addr_t restricted;
};

static struct found find(struct mm_struct *mm, const void *addr)
{
	struct pg_table restricted = { .pgd = kernel_to_user_pgdp(mm->pgt.pgd) };
	struct found f = { };
	unsigned long size;

	translate(&mm->pgt, (unsigned long)addr, &f.process, &size);
	translate(&restricted, (unsigned long)addr, &f.restricted, &size);
	return f;
}

static bool is_window(const void *addr)
{
	return asi_is_window((unsigned long)addr);
}

static unsigned long opened(const struct observed *o)
{
	return o->after.windows - o->before.windows;
}

static unsigned long refused(const struct observed *o, enum asi_no_window why)
{
	return o->after.no_window[why] - o->before.no_window[why];
}

static void window_maps_one_page(struct kunit *test)
{
	struct page *page = get_movable(test), *other = get_page_from(test, GFP_KERNEL);
	struct mm_struct *mm = pretend_new(test);
	unsigned int during, after;
	struct found is, none;
	struct observed o;
	u64 *p, *direct;
	bool is_kmap;
	pte_t pte;

	o.before = start();
	direct = kmap_local_page(other);
	kunmap_local(direct);
	p = kmap_local_page(page);
	o.value = READ_ONCE(*p);
	WRITE_ONCE(p[1], VALUE + 1);
	pte = ptep_get(asi_window_pte((unsigned long)p));
	is_kmap = is_kmap_addr(p);
	during = count_windows(mm);
	is = find(mm, p);
	kunmap_local((void *)p + PAGE_SIZE - 1);
	after = count_windows(mm);
	none = find(mm, p);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_PTR_EQ(test, direct, page_address(other));
	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_TRUE(test, is_kmap);
	KUNIT_EXPECT_FALSE(test, is_kmap_addr(direct));
	/* Callers with a fragment of several pages map each of them. */
	KUNIT_EXPECT_TRUE(test, skb_frag_must_loop(page));
	KUNIT_EXPECT_FALSE(test, skb_frag_must_loop(other));
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
	KUNIT_EXPECT_EQ(test, opened(&o), 1);
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_EQ(test, ((u64 *)page_address(page))[1], VALUE + 1);
	KUNIT_EXPECT_EQ(test, is.process, page_to_phys(page));
	KUNIT_EXPECT_EQ(test, is.restricted, page_to_phys(page));
	KUNIT_EXPECT_EQ(test, pte_flags(pte) & (_PAGE_GLOBAL | _PAGE_USER | _PAGE_NX), _PAGE_NX);
	KUNIT_EXPECT_EQ(test, during, 1);
	KUNIT_EXPECT_EQ(test, after, 0);
	KUNIT_EXPECT_EQ(test, none.process, 0);
	KUNIT_EXPECT_EQ(test, none.restricted, 0);
}

static void kmap_atomic_opens(struct kunit *test)
{
	struct page *page = get_movable(test);
	struct mm_struct *mm = pretend_new(test);
	struct observed o;
	u64 *p;

	o.before = start();
	p = kmap_atomic(page);
	o.value = READ_ONCE(*p);
	kunmap_atomic(p);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
}

/* These do not sleep, and disable preemption instead of migration. */
static void clear_and_copy_open(struct kunit *test)
{
	struct page *from = get_movable(test), *to = get_movable(test);
	struct mm_struct *mm = pretend_new(test);
	unsigned int before, after, after_exit;
	struct observed o, left;
	u64 copied, cleared;

	o.before = start();
	before = preempt_count();
	copy_highpage(to, from);
	clear_highpage(from);
	after = preempt_count();
	stop(&o);
	copied = *(u64 *)page_address(to);
	cleared = *(u64 *)page_address(from);
	current->flags |= PF_MEMALLOC;
	left.before = start();
	copy_highpage(from, to);
	after_exit = preempt_count();
	stop(&left);
	current->flags &= ~PF_MEMALLOC;
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, copied, VALUE);
	KUNIT_EXPECT_EQ(test, cleared, 0);
	KUNIT_EXPECT_EQ(test, *(u64 *)page_address(from), VALUE);
	KUNIT_EXPECT_EQ(test, before, after);
	KUNIT_EXPECT_EQ(test, before, after_exit);
	KUNIT_EXPECT_EQ(test, opened(&o), 3);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
	KUNIT_EXPECT_TRUE(test, o.restricted);
	KUNIT_EXPECT_EQ(test, opened(&left), 0);
	expect_exits(test, &left, ASI_EXIT_KMAP, 1);
	KUNIT_EXPECT_TRUE(test, left.restricted);
	KUNIT_EXPECT_EQ(test, current->kmap_ctrl.idx, 0);
	KUNIT_EXPECT_EQ(test, current->thread.asi_kmaps, 0);
}

static unsigned int pinned(void)
{
#ifdef CONFIG_SMP
	return current->migration_disabled;
#else
	return 0;
#endif
}

static void brief_window_disables_preemption(struct kunit *test)
{
	struct page *page = get_movable(test), *other = get_movable(test);
	unsigned int before, during, after, before_pinned, during_pinned, after_pinned;
	struct mm_struct *mm = pretend_new(test);
	struct observed o;
	u64 *p, *q;

	preempt_disable();
	o.before = start();
	before = preempt_count();
	before_pinned = pinned();
	p = kmap_local_page(other);
	q = kmap_local_brief(page);
	o.value = READ_ONCE(*q);
	during = preempt_count();
	during_pinned = pinned();
	kunmap_local_brief(q);
	kunmap_local(p);
	after = preempt_count();
	after_pinned = pinned();
	stop(&o);
	preempt_enable();
	stop_pretending(mm);

	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_TRUE(test, is_window(q));
	KUNIT_EXPECT_EQ(test, o.value, VALUE);
	KUNIT_EXPECT_EQ(test, during, before + IS_ENABLED(CONFIG_PREEMPT_COUNT));
	KUNIT_EXPECT_EQ(test, during_pinned, before_pinned + IS_ENABLED(CONFIG_SMP));
	KUNIT_EXPECT_EQ(test, after, before);
	KUNIT_EXPECT_EQ(test, after_pinned, before_pinned);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
}

/* What kmap_local_page() of the CPU that has left returns is not a window. */
static void unrestricted_gets_the_direct_map(struct kunit *test)
{
	struct page *page = get_movable(test);
	struct mm_struct *mm = pretend_new(test);
	struct observed o;
	u64 *p;

	start();
	READ_ONCE(*(u64 *)page_address(page));
	o.before = counts();
	p = kmap_local_page(page);
	kunmap_local(p);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_PTR_EQ(test, p, page_address(page));
	KUNIT_EXPECT_EQ(test, opened(&o), 0);
	expect_exits(test, &o, NR_ASI_EXITS, 0);
}

/* Too many of them are exits. All have different pages. */
static void slots_run_out(struct kunit *test)
{
	struct page *page[KM_MAX_IDX + 1];
	unsigned int i, good = 0, windows = 0, during, after;
	u64 *p[ARRAY_SIZE(page)];
	struct mm_struct *mm;
	struct observed o;
	bool left;

	for (i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = get_movable(test);
		*(u64 *)page_address(page[i]) = VALUE + i;
	}
	mm = pretend_new(test);
	o.before = start();
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		p[i] = kmap_local_page(page[i]);
		windows += is_window(p[i]);
		good += READ_ONCE(*p[i]) == VALUE + i;
	}
	left = !asi_is_restricted();
	during = count_windows(mm);
	while (i--)
		kunmap_local(p[i]);
	after = count_windows(mm);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, windows, IS_ENABLED(CONFIG_DEBUG_KMAP_LOCAL) ? 16 : 15);
	KUNIT_EXPECT_EQ(test, good, ARRAY_SIZE(page));
	KUNIT_EXPECT_EQ(test, during, windows);
	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_EXPECT_EQ(test, refused(&o, ASI_NO_WINDOW_SLOTS), 1);
	expect_exits(test, &o, ASI_EXIT_KMAP, 1);
	expect_entries(test, &o, ASI_ENTER_KUNMAP, 1);
	KUNIT_EXPECT_EQ(test, after, 0);
	KUNIT_EXPECT_EQ(test, current->kmap_ctrl.idx, 0);
	KUNIT_EXPECT_EQ(test, current->thread.asi_kmaps, 0);
	KUNIT_EXPECT_TRUE(test, o.restricted);
}

/* The next page in a slot is not the last one, whichever table was loaded in between. */
static void slot_is_used_again(struct kunit *test)
{
	struct page *page[4];
	struct mm_struct *mm;
	unsigned int i, windows = 0;
	u64 value[4][2], *p;
	struct observed o;

	for (i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = get_movable(test);
		*(u64 *)page_address(page[i]) = VALUE + i;
	}
	mm = pretend_new(test);
	start();
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		p = kmap_local_page(page[i]);
		windows += is_window(p);
		value[i][0] = READ_ONCE(*p);
		asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
		value[i][1] = READ_ONCE(*p);
		/* Unmapped outside, or restricted again. */
		if (i % 2)
			asi_enter(ASI_ENTER_USER);
		kunmap_local(p);
		asi_enter(ASI_ENTER_USER);
	}
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, windows, ARRAY_SIZE(page));
	for (i = 0; i < ARRAY_SIZE(page); i++) {
		KUNIT_EXPECT_EQ_MSG(test, value[i][0], VALUE + i, "restricted, page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, value[i][1], VALUE + i, "outside, page %u", i);
	}
}

#define PROCESS		BIT(0)
#define RESTRICTED	BIT(1)

/* The variants of the loaded ASID that are flushed when they are loaded. */
static unsigned int marks(void)
{
	unsigned int pcid = (this_cpu_read(cpu_tlbstate.loaded_asid) + 1) * 4;

	return this_cpu_read(cpu_tlbstate.kern_pcid_flush_mask) >> pcid & (PROCESS | RESTRICTED);
}

/*
 * A flush of the loaded PCID does not reach the other one, which is marked if it was
 * loaded while the window existed, and only then.
 */
static void other_variant_is_marked(struct kunit *test)
{
	unsigned int none, outside, back, inner, outer, later, switched;
	struct page *page = get_movable(test), *second = get_movable(test);
	struct mm_struct *mm;
	u64 *p, *q;

	if (!boot_cpu_has(X86_FEATURE_PCID))
		kunit_skip(test, "needs PCID");
	mm = pretend_new(test);
	start();
	/* Load both, so that neither is marked. */
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);

	kunmap_local(kmap_local_page(page));
	none = marks();

	p = kmap_local_page(page);
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	kunmap_local(p);
	outside = marks();
	asi_enter(ASI_ENTER_USER);
	later = marks();

	p = kmap_local_page(page);
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);
	q = kmap_local_page(second);
	kunmap_local(q);
	inner = marks();
	kunmap_local(p);
	back = marks();
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);

	/* Two at once, and what is left of them. */
	p = kmap_local_page(page);
	q = kmap_local_page(second);
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);
	kunmap_local(q);
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);
	kunmap_local(p);
	outer = marks();
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);
	kunmap_local(kmap_local_page(page));
	switched = marks();
	local_irq_enable();
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, none, 0);
	KUNIT_EXPECT_EQ(test, outside, RESTRICTED);
	KUNIT_EXPECT_EQ(test, later, 0);
	KUNIT_EXPECT_EQ(test, inner, 0);
	KUNIT_EXPECT_EQ(test, back, PROCESS);
	KUNIT_EXPECT_EQ(test, outer, PROCESS);
	KUNIT_EXPECT_EQ(test, switched, 0);
}

static struct pg_table *context_of_irq;

static void enter_context(struct irq_work *irq_work)
{
	pg_table_leave(pg_table_enter(context_of_irq));
}

static struct irq_work context_work = IRQ_WORK_INIT_HARD(enter_context);

static void interrupt_with_context(void)
{
	local_irq_enable();
	irq_work_queue(&context_work);
	while (irq_work_is_busy(&context_work))
		cpu_relax();
	local_irq_disable();
}

/* An interrupt that uses a context loads the table of the process on the way back. */
static void context_of_an_interrupt_marks(struct kunit *test)
{
	unsigned int before, after, open, closed, closed_brief;
	struct page *page = get_movable(test);
	int preempted, preempted_after;
	struct mm_struct *mm;
	pte_t *slots;
	u64 *p, *q;

	context_of_irq = new_context(test);
	mm = pretend_new(test);
	preempt_disable();
	start();
	asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	asi_enter(ASI_ENTER_USER);
	p = kmap_local_page(page);
	before = marks();
	interrupt_with_context();
	open = count_windows(mm);
	slots = this_cpu_read(asi_slots.ptes);
	kunmap_local(p);
	closed = count_windows(mm);
	after = marks();
	preempted = preempt_count();
	q = kmap_local_brief(page);
	interrupt_with_context();
	kunmap_local_brief(q);
	closed_brief = count_windows(mm);
	preempted_after = preempt_count();
	local_irq_enable();
	preempt_enable();
	stop_pretending(mm);

	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_EQ(test, open, 1);
	KUNIT_EXPECT_NULL(test, slots);
	KUNIT_EXPECT_EQ(test, closed, 0);
	KUNIT_EXPECT_TRUE(test, is_window(q));
	KUNIT_EXPECT_EQ(test, closed_brief, 0);
	KUNIT_EXPECT_EQ(test, preempted, preempted_after);
	if (boot_cpu_has(X86_FEATURE_PCID)) {
		KUNIT_EXPECT_EQ(test, before, 0);
		KUNIT_EXPECT_EQ(test, after, PROCESS);
	}
}

/* What another task does on the same CPU, while the first one sleeps with a window. */
struct other_task {
	struct mm_struct *mm;
	struct mm_struct *first;
	struct page *page;
	const void *addr;
	struct found of_first;
	unsigned int windows_of_first;
	bool same_address;
	bool restricted;
	u64 value;
	struct completion done;
};

static int run_other(void *arg)
{
	struct other_task *t = arg;
	u64 *p;

	pretend(t->mm);
	local_irq_disable();
	asi_enter(ASI_ENTER_USER);
	t->windows_of_first = count_windows(t->first);
	p = kmap_local_page(t->page);
	t->same_address = p == t->addr;
	t->value = READ_ONCE(*p);
	t->of_first = find(t->first, p);
	t->restricted = asi_is_restricted();
	kunmap_local(p);
	local_irq_enable();
	stop_pretending(t->mm);
	complete(&t->done);
	return 0;
}

/*
 * @leaves: The first task has used its windows in both variants when it sleeps. With
 * PCID, the other one sees pages of the first if either keeps a translation.
 */
static void window_survives(struct kunit *test, bool same_process, bool leaves)
{
	struct page *page = get_movable(test), *second = get_movable(test);
	struct other_task t = { .page = get_movable(test) };
	unsigned int during = 0, after = 0;
	struct task_struct *task;
	u64 value = 0, outside = 0, again = 0, again_second = 0;
	struct observed o;
	u64 *p, *q;

	init_completion(&t.done);
	*(u64 *)page_address(t.page) = VALUE + 1;
	*(u64 *)page_address(second) = VALUE + 2;
	t.first = new_local_mm(test);
	t.mm = same_process ? t.first : new_local_mm(test);
	migrate_disable();
	task = kthread_create_on_cpu(run_other, &t, raw_smp_processor_id(), "asi_kunit/%u");
	if (IS_ERR(task)) {
		migrate_enable();
		KUNIT_FAIL(test, "no thread");
		return;
	}
	pretend(t.first);
	o.before = start();
	p = kmap_local_page(page);
	q = kmap_local_page(second);
	t.addr = p;
	value = READ_ONCE(*p) + READ_ONCE(*q);
	if (leaves)
		asi_leave(ASI_EXIT_FAULT, _THIS_IP_);
	outside = READ_ONCE(*p) + READ_ONCE(*q);
	local_irq_enable();
	wake_up_process(task);
	wait_for_completion(&t.done);
	local_irq_disable();
	again = READ_ONCE(*p);
	again_second = READ_ONCE(*q);
	during = count_windows(t.first);
	kunmap_local(q);
	kunmap_local(p);
	after = count_windows(t.first);
	stop(&o);
	stop_pretending(t.first);
	migrate_enable();

	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_TRUE(test, is_window(q));
	KUNIT_EXPECT_EQ(test, value, 2 * VALUE + 2);
	KUNIT_EXPECT_EQ(test, outside, 2 * VALUE + 2);
	KUNIT_EXPECT_EQ(test, again, VALUE);
	KUNIT_EXPECT_EQ(test, again_second, VALUE + 2);
	KUNIT_EXPECT_EQ(test, during, 2);
	KUNIT_EXPECT_EQ(test, after, 0);
	/* The other task. */
	KUNIT_EXPECT_TRUE(test, t.same_address);
	KUNIT_EXPECT_TRUE(test, t.restricted);
	KUNIT_EXPECT_EQ(test, t.value, VALUE + 1);
	KUNIT_EXPECT_EQ(test, t.windows_of_first, 0);
	KUNIT_EXPECT_EQ(test, t.of_first.process, same_process ? page_to_phys(t.page) : 0);
	KUNIT_EXPECT_EQ(test, t.of_first.restricted, same_process ? page_to_phys(t.page) : 0);
}

static void window_survives_a_process(struct kunit *test)
{
	window_survives(test, false, false);
}

static void window_survives_a_thread(struct kunit *test)
{
	window_survives(test, true, false);
}

static void window_survives_an_exit(struct kunit *test)
{
	window_survives(test, true, true);
}

/* Others have no window where one process has one, nor init_mm, nor a context. */
static void window_belongs_to_one_process(struct kunit *test)
{
	struct mm_struct *other = new_local_mm(test), *mm;
	struct pg_table *context = new_context(test);
	struct page *page = get_movable(test);
	struct found is, of_other;
	unsigned long size;
	phys_addr_t phys;
	bool in_context, in_init_mm;
	unsigned int count;
	struct observed o;
	u64 *p;

	mm = pretend_new(test);
	start();
	p = kmap_local_page(page);
	is = find(mm, p);
	of_other = find(other, p);
	count = count_windows(other);
	in_context = translate(context, (unsigned long)p, &phys, &size);
	in_init_mm = translate(&init_mm.pgt, (unsigned long)p, &phys, &size);
	kunmap_local(p);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, is.restricted, page_to_phys(page));
	KUNIT_EXPECT_EQ(test, of_other.process, 0);
	KUNIT_EXPECT_EQ(test, of_other.restricted, 0);
	KUNIT_EXPECT_EQ(test, count, 0);
	KUNIT_EXPECT_FALSE(test, in_context);
	KUNIT_EXPECT_FALSE(test, in_init_mm);
}

/* What kmap_local_page() does in some other context. */
struct attempt {
	struct page *page;
	struct observed o;
	bool window;
	struct completion done;
};

static void try_to_open(struct attempt *a)
{
	unsigned long flags;
	u64 *p;

	local_irq_save(flags);
	asi_enter(ASI_ENTER_USER);
	a->o.before = counts();
	p = kmap_local_page(a->page);
	a->window = is_window(p);
	a->o.value = READ_ONCE(*p);
	kunmap_local(p);
	a->o.restricted = asi_is_restricted();
	a->o.after = counts();
	local_irq_restore(flags);
	complete(&a->done);
}

static struct attempt attempt;

static void in_softirq_context(struct tasklet_struct *t)
{
	try_to_open(&attempt);
}

static void in_hardirq_context(struct irq_work *work)
{
	try_to_open(&attempt);
}

static DECLARE_TASKLET(tasklet, in_softirq_context);
static struct irq_work work = IRQ_WORK_INIT_HARD(in_hardirq_context);

static void begin(struct kunit *test)
{
	attempt = (struct attempt){ .page = get_movable(test) };
	init_completion(&attempt.done);
}

/* In an interrupt of this task. */
static void await_attempt(void)
{
	while (!completion_done(&attempt.done))
		cpu_relax();
}

static void expect_refused(struct kunit *test, enum asi_no_window why)
{
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, attempt.window);
	KUNIT_EXPECT_EQ(test, attempt.o.value, VALUE);
	KUNIT_EXPECT_TRUE(test, attempt.o.restricted);
	for (i = 0; i < NR_ASI_NO_WINDOW; i++)
		KUNIT_EXPECT_EQ_MSG(test, refused(&attempt.o, i), i == why, "cause %u", i);
	expect_exits(test, &attempt.o, ASI_EXIT_KMAP, 1);
	KUNIT_EXPECT_EQ(test, opened(&attempt.o), 0);
}

static void only_tasks_open(struct kunit *test)
{
	struct mm_struct *not_loaded[] = { NULL, new_local_mm(test) }, *mm;
	unsigned int i;

	begin(test);
	mm = pretend_new(test);
	local_bh_disable();
	tasklet_schedule(&tasklet);
	local_bh_enable();
	await_attempt();
	expect_refused(test, ASI_NO_WINDOW_INTERRUPT);

	begin(test);
	irq_work_queue(&work);
	await_attempt();
	expect_refused(test, ASI_NO_WINDOW_INTERRUPT);

	/* As where a task transmits the packets of others. */
	begin(test);
	local_bh_disable();
	try_to_open(&attempt);
	local_bh_enable();
	expect_refused(test, ASI_NO_WINDOW_INTERRUPT);

	begin(test);
	current->flags |= PF_MEMALLOC;
	try_to_open(&attempt);
	current->flags &= ~PF_MEMALLOC;
	expect_refused(test, ASI_NO_WINDOW_RECLAIM);

	begin(test);
	current->flags |= PF_KTHREAD;
	try_to_open(&attempt);
	current->flags &= ~PF_KTHREAD;
	expect_refused(test, ASI_NO_WINDOW_KTHREAD);

	/* As in the middle of exit and of exec. */
	for (i = 0; i < ARRAY_SIZE(not_loaded); i++) {
		begin(test);
		current->mm = not_loaded[i];
		try_to_open(&attempt);
		current->mm = mm;
		KUNIT_EXPECT_FALSE(test, attempt.window);
		KUNIT_EXPECT_EQ(test, refused(&attempt.o, ASI_NO_WINDOW_OTHER), 1);
	}
	stop_pretending(mm);
}

static void put_folio(void *folio)
{
	folio_put(folio);
}

/* Callers of kmap_local_folio() may access the whole folio, those of kmap_local_page() not. */
static void large_folio_leaves(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	struct mm_struct *mm;
	struct observed o;
	u64 *whole, *part;
	bool left;

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio, folio));
	KUNIT_ASSERT_TRUE(test, is_zone_movable_page(&folio->page));
	mm = pretend_new(test);
	o.before = start();
	whole = kmap_local_folio(folio, PAGE_SIZE);
	left = !asi_is_restricted();
	kunmap_local(whole);
	part = kmap_local_page(folio_page(folio, 1));
	kunmap_local(part);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_PTR_EQ(test, whole, page_address(folio_page(folio, 1)));
	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_EXPECT_TRUE(test, is_window(part));
	KUNIT_EXPECT_EQ(test, refused(&o, ASI_NO_WINDOW_SPAN), 1);
	expect_exits(test, &o, ASI_EXIT_KMAP, 1);
	KUNIT_EXPECT_EQ(test, opened(&o), 1);
}

#if defined(CONFIG_TRANSPARENT_HUGEPAGE) || defined(CONFIG_HUGETLBFS)
/* By a window for each page. */
static void large_folio_is_cleared(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	unsigned long switches;
	struct mm_struct *mm;
	unsigned int i = 0;
	struct observed o;

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio, folio));
	mm = pretend_new(test);
	/* Other tasks would be counted, too. */
	do {
		memset(folio_address(folio), 0xff, 4 * PAGE_SIZE);
		migrate_disable();
		o.before = start();
		switches = current->nvcsw + current->nivcsw;
		local_irq_enable();
		folio_zero_user(folio, 0);
		local_irq_disable();
		switches -= current->nvcsw + current->nivcsw;
		stop(&o);
		migrate_enable();
	} while (switches && i++ < 100);
	stop_pretending(mm);

	KUNIT_EXPECT_NULL(test, memchr_inv(folio_address(folio), 0, 4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, switches, 0);
	KUNIT_EXPECT_EQ(test, opened(&o), 4);
	KUNIT_EXPECT_EQ(test, refused(&o, ASI_NO_WINDOW_SPAN), 0);
	KUNIT_EXPECT_EQ(test, o.after.exits[ASI_EXIT_FAULT], o.before.exits[ASI_EXIT_FAULT]);
}
#else
static void large_folio_is_cleared(struct kunit *test)
{
	kunit_skip(test, "needs large folios");
}
#endif

/* Functions that cross pages, with a folio and a window for each page or none. */
static void callers_cross_pages(struct kunit *test)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 2);
	u8 *buf = kunit_kmalloc(test, 4 * PAGE_SIZE, GFP_KERNEL), *is;
	unsigned int i, wrong = 0;
	struct iov_iter iter;
	struct mm_struct *mm;
	struct observed o;
	struct kvec vec;
	size_t copied;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio, folio));
	for (i = 0; i < 4 * PAGE_SIZE; i++)
		buf[i] = i / 7;
	is = folio_address(folio);
	memset(is, 0xff, 4 * PAGE_SIZE);
	vec = (struct kvec){ .iov_base = buf, .iov_len = 4 * PAGE_SIZE };
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	mm = pretend_new(test);
	o.before = start();
	copied = copy_page_from_iter_atomic(&folio->page, 100, 3 * PAGE_SIZE, &iter);
	folio_zero_range(folio, PAGE_SIZE + 10, 2 * PAGE_SIZE);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, copied, 3 * PAGE_SIZE);
	for (i = 0; i < 4 * PAGE_SIZE; i++) {
		u8 want = i < 100 || i >= 3 * PAGE_SIZE + 100 ? 0xff : buf[i - 100];

		if (i >= PAGE_SIZE + 10 && i < 3 * PAGE_SIZE + 10)
			want = 0;
		wrong += is[i] != want;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* By a window for each page; and by a call. */
	KUNIT_EXPECT_EQ(test, opened(&o), 4);
	expect_exits(test, &o, ASI_EXIT_KMAP, 1);
}

/* The first one leaves, and asks for table pages. */
static void tables_are_allocated_on_return(struct kunit *test)
{
	struct page *page = get_movable(test);
	struct mm_struct *mm = new_isolated_mm(test);
	pmd_t *before, *during, *after;
	unsigned int queued, count;
	long bytes = pgtables_bytes(&mm->pgt), more;
	struct observed o, again;
	u64 *p, *q;

	pretend(mm);
	before = mm->context.asi_local;
	o.before = start();
	p = kmap_local_page(page);
	kunmap_local(p);
	kunmap_local(kmap_local_page(page));
	during = mm->context.asi_local;
	stop(&o);
	migrate_disable();
	queued = !!current->thread.asi_work.func;
	task_work_run();
	clear_thread_flag(TIF_NOTIFY_RESUME);
	after = mm->context.asi_local;
	more = pgtables_bytes(&mm->pgt) - bytes;
	again.before = start();
	q = kmap_local_page(page);
	count = count_windows(mm);
	kunmap_local(q);
	stop(&again);
	migrate_enable();
	stop_pretending(mm);

	KUNIT_EXPECT_NULL(test, before);
	KUNIT_EXPECT_PTR_EQ(test, p, page_address(page));
	KUNIT_EXPECT_EQ(test, refused(&o, ASI_NO_WINDOW_TABLES), 2);
	expect_exits(test, &o, ASI_EXIT_KMAP, 2);
	KUNIT_EXPECT_NULL(test, during);
	KUNIT_EXPECT_EQ(test, queued, 1);
	KUNIT_EXPECT_NULL(test, current->thread.asi_work.func);
	KUNIT_EXPECT_NOT_NULL(test, after);
	KUNIT_EXPECT_EQ(test, more, 3 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, is_window(q));
	KUNIT_EXPECT_EQ(test, count, 1);
	expect_exits(test, &again, NR_ASI_EXITS, 0);
}

/* This CPU had loaded the table before there were any. */
static void tables_of_another_thread_are_found(struct kunit *test)
{
	struct page *page = get_movable(test);
	struct mm_struct *mm = new_isolated_mm(test);
	unsigned int queued;
	struct observed o;
	u64 *p;
	int err;

	pretend(mm);
	migrate_disable();
	err = asi_alloc_local(&mm->pgt, raw_smp_processor_id());
	o.before = start();
	p = kmap_local_page(page);
	queued = !!current->thread.asi_work.func;
	kunmap_local(p);
	stop(&o);
	migrate_enable();
	stop_pretending(mm);

	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, refused(&o, ASI_NO_WINDOW_TABLES), 0);
	KUNIT_EXPECT_EQ(test, queued, 0);
	KUNIT_EXPECT_TRUE(test, is_window(p));
	KUNIT_EXPECT_EQ(test, opened(&o), 1);
}

/* A context has no slots; the process has them again afterwards. */
static void window_opens_after_a_context(struct kunit *test)
{
	struct pg_table *context = new_context(test), *prev;
	struct page *page = get_movable(test);
	struct mm_struct *mm = pretend_new(test);
	pte_t *before, *during;
	struct observed o;
	u64 *p;

	o.before = start();
	kunmap_local(kmap_local_page(page));
	before = this_cpu_read(asi_slots.ptes);
	prev = pg_table_enter(context);
	during = this_cpu_read(asi_slots.ptes);
	pg_table_leave(prev);
	asi_enter(ASI_ENTER_USER);
	p = kmap_local_page(page);
	kunmap_local(p);
	stop(&o);
	stop_pretending(mm);

	KUNIT_EXPECT_NOT_NULL(test, before);
	KUNIT_EXPECT_NULL(test, during);
	KUNIT_EXPECT_TRUE(test, is_window(p));
}

/* fork() and execve() of a process with windows, and of one without. */
static void tables_are_inherited(struct kunit *test)
{
	struct mm_struct *mm = pretend_new(test), *child = mm_alloc(), *other;
	pmd_t *local = child ? child->context.asi_local : NULL;

	stop_pretending(mm);
	other = new_isolated_mm(test);
	KUNIT_EXPECT_NOT_NULL(test, local);
	KUNIT_EXPECT_PTR_NE(test, local, mm->context.asi_local);
	KUNIT_EXPECT_NULL(test, other->context.asi_local);
	if (child)
		mmput(child);
}

/* Many of them, because the counter of table pages is not exact. */
static void tables_are_freed(struct kunit *test)
{
	unsigned long before = global_node_page_state(NR_PAGETABLE), after;
	unsigned int i;

	for (i = 0; i < 500; i++) {
		struct mm_struct *mm = mm_alloc();

		KUNIT_ASSERT_NOT_NULL(test, mm);
		KUNIT_EXPECT_EQ(test, 0, asi_alloc_local(&mm->pgt, 0));
		KUNIT_EXPECT_EQ(test, 0, asi_alloc_local(&mm->pgt, 0));
		KUNIT_EXPECT_EQ(test, -EINVAL, asi_alloc_local(&mm->pgt, nr_cpu_ids));
		mmput(mm);
	}
	after = global_node_page_state(NR_PAGETABLE);
	KUNIT_EXPECT_LT_MSG(test, (long)(after - before), 400, "%lu and %lu", before, after);
}

#ifdef CONFIG_FAULT_INJECTION
static int alloc_local(struct pg_table *pgt)
{
	int err = asi_alloc_local(pgt, 0);
	unsigned int i = pgd_index(ASI_LOCAL_BASE);

	/* Linked from both roots, or from none. */
	if (!err != !!pg_table_mm(pgt)->context.asi_local || !err != !!pgt->pgd[i].pgd ||
	    !err != !!kernel_to_user_pgdp(pgt->pgd)[i].pgd)
		return -EBADE;
	return err;
}

static void free_local(struct pg_table *pgt)
{
	asi_free_local(pgt);
	pgt->pgd[pgd_index(ASI_LOCAL_BASE)].pgd = 0;
	kernel_to_user_pgdp(pgt->pgd)[pgd_index(ASI_LOCAL_BASE)].pgd = 0;
}

static void failed_allocation_leaves_nothing(struct kunit *test)
{
	struct mm_struct *mm = new_isolated_mm(test);
	int failed = fail_each(test, alloc_local, free_local, &mm->pgt);

	kunit_info(test, "%d allocations failed, one at a time", failed);
	/* Until init writes to debugfs, allocations that may sleep succeed. */
	if (failed)
		KUNIT_EXPECT_GE(test, failed, pgtable_l5_enabled() ? 4 : 3);
}
#else
static void failed_allocation_leaves_nothing(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(window_maps_one_page),
	KUNIT_CASE(kmap_atomic_opens),
	KUNIT_CASE(clear_and_copy_open),
	KUNIT_CASE(brief_window_disables_preemption),
	KUNIT_CASE(unrestricted_gets_the_direct_map),
	KUNIT_CASE(slots_run_out),
	KUNIT_CASE(slot_is_used_again),
	KUNIT_CASE(other_variant_is_marked),
	KUNIT_CASE(context_of_an_interrupt_marks),
	KUNIT_CASE(window_survives_a_process),
	KUNIT_CASE(window_survives_a_thread),
	KUNIT_CASE(window_survives_an_exit),
	KUNIT_CASE(window_opens_after_a_context),
	KUNIT_CASE(window_belongs_to_one_process),
	KUNIT_CASE(only_tasks_open),
	KUNIT_CASE(large_folio_leaves),
	KUNIT_CASE(large_folio_is_cleared),
	KUNIT_CASE(callers_cross_pages),
	KUNIT_CASE(tables_are_allocated_on_return),
	KUNIT_CASE(tables_of_another_thread_are_found),
	KUNIT_CASE(tables_are_inherited),
	KUNIT_CASE(tables_are_freed),
	KUNIT_CASE(failed_allocation_leaves_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "asi_window",
	.init = asi_test_init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of windows");
MODULE_LICENSE("GPL");
