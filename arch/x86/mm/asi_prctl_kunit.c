// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the isolation of processes that ask for it. Boot with:
 * asi=prctl movablecore=256M, or asi=user
 */

#include "asi_kunit.h"

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/prctl.h>

/* On the return to user mode. */
static bool enters(void)
{
	struct observed o;

	start();
	stop(&o);
	return o.restricted;
}

/* With asi=user they all are. */
static void process_is_isolated_on_request(struct kunit *test)
{
	const int on = PR_SPEC_PRCTL | PR_SPEC_FORCE_DISABLE;
	struct mm_struct *mm = use_new_mm(test);

	KUNIT_EXPECT_EQ(test, asi_is_isolated(mm), !asi_is_opt_in);
	KUNIT_EXPECT_EQ(test, asi_prctl_get(mm),
			asi_is_opt_in ? PR_SPEC_PRCTL | PR_SPEC_ENABLE : on);
	KUNIT_EXPECT_EQ(test, enters(), !asi_is_opt_in);

	KUNIT_EXPECT_EQ(test, asi_prctl_set(mm, PR_SPEC_DISABLE), -ERANGE);
	KUNIT_EXPECT_EQ(test, asi_prctl_set(mm, PR_SPEC_ENABLE), asi_is_opt_in ? 0 : -EPERM);
	KUNIT_EXPECT_EQ(test, asi_is_isolated(mm), !asi_is_opt_in);

	KUNIT_EXPECT_EQ(test, asi_prctl_set(mm, PR_SPEC_FORCE_DISABLE), 0);
	KUNIT_EXPECT_EQ(test, asi_prctl_get(mm), on);
	KUNIT_EXPECT_EQ(test, asi_prctl_set(mm, PR_SPEC_ENABLE), -EPERM);
	KUNIT_EXPECT_EQ(test, asi_prctl_set(mm, PR_SPEC_FORCE_DISABLE), 0);
	KUNIT_EXPECT_TRUE(test, asi_is_isolated(mm));
	KUNIT_EXPECT_TRUE(test, enters());
	kthread_unuse_mm(mm);
}

struct other_thread {
	struct mm_struct *mm;
	struct completion ready;
	struct completion done;
	bool asked;
	bool before;
	bool after;
};

/* A thread of the process that is in the kernel, or in user mode, for long. */
static int run_other_thread(void *arg)
{
	struct other_thread *t = arg;

	kthread_use_mm(t->mm);
	preempt_disable();
	t->before = asi_is_restricted();
	complete(&t->ready);
	while (!READ_ONCE(t->asked))
		cpu_relax();
	t->after = asi_is_restricted();
	preempt_enable();
	kthread_unuse_mm(t->mm);
	complete(&t->done);
	return 0;
}

/* Where the table is loaded, isolation does not wait for the next entry. */
static void threads_on_other_cpus_are_isolated(struct kunit *test)
{
	struct other_thread t = { .mm = new_mm(test) };
	struct task_struct *task;
	unsigned int cpu;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");

	init_completion(&t.ready);
	init_completion(&t.done);
	task = kthread_create(run_other_thread, &t, "asi-other");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	migrate_disable();
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	kthread_bind(task, cpu);
	wake_up_process(task);
	wait_for_completion(&t.ready);
	isolated(t.mm);
	WRITE_ONCE(t.asked, true);
	wait_for_completion(&t.done);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, t.before, !asi_is_opt_in);
	KUNIT_EXPECT_TRUE(test, t.after);
}

static void new_process_inherits_isolation(struct kunit *test)
{
	struct mm_struct *on = new_isolated_mm(test), *off = new_mm(test), *child;

	child = new_mm(test);
	asi_inherit(off, child);
	KUNIT_EXPECT_EQ(test, asi_is_isolated(child), !asi_is_opt_in);
	asi_inherit(on, child);
	KUNIT_EXPECT_TRUE(test, asi_is_isolated(child));
	KUNIT_EXPECT_EQ(test, asi_is_isolated(off), !asi_is_opt_in);
}

/* What other entries the restricted root has, it had before. */
static void request_changes_one_entry(struct kunit *test)
{
	unsigned int i, changed = 0, differs = 0;
	struct mm_struct *mm = new_mm(test);
	pgd_t *from, *to, *before;

	if (!asi_is_opt_in)
		kunit_skip(test, "all processes are isolated");
	from = kernel_to_user_pgdp(swapper_pg_dir);
	to = kernel_to_user_pgdp(mm->pgt.pgd);
	before = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	memcpy(before, to, PAGE_SIZE);
	isolated(mm);
	for (i = 0; i < PTRS_PER_PGD; i++) {
		changed += to[i].pgd != before[i].pgd;
		differs += i >= PTRS_PER_PGD / 2 && from[i].pgd && to[i].pgd != from[i].pgd;
	}
	KUNIT_EXPECT_EQ(test, changed, 1);
	KUNIT_EXPECT_EQ(test, differs, 0);
}

/* From an isolated process to another one is an exit, and back is an entry. */
static void switch_between_kinds(struct kunit *test)
{
	struct mm_struct *on = new_isolated_mm(test), *off = new_mm(test);
	struct asi_counts after;
	bool in_off, in_on;
	struct observed o;

	if (!asi_is_opt_in)
		kunit_skip(test, "all processes are isolated");

	local_irq_disable();
	switch_mm_irqs_off(NULL, on, current);
	o.before = counts();
	switch_mm_irqs_off(NULL, off, current);
	asi_enter(ASI_ENTER_USER);
	in_off = asi_is_restricted();
	switch_mm_irqs_off(NULL, on, current);
	in_on = asi_is_restricted();
	after = counts();
	switch_mm_irqs_off(NULL, current->active_mm, current);
	enter_lazy_tlb(current->active_mm, current);
	stop(&o);
	o.after = after;
	KUNIT_EXPECT_FALSE(test, in_off);
	KUNIT_EXPECT_TRUE(test, in_on);
	expect_exits(test, &o, ASI_EXIT_SWITCH, 1);
	expect_entries(test, &o, ASI_ENTER_SWITCH, 1);
}

static struct kunit_case asi_prctl_cases[] = {
	KUNIT_CASE(process_is_isolated_on_request),
	KUNIT_CASE(threads_on_other_cpus_are_isolated),
	KUNIT_CASE(new_process_inherits_isolation),
	KUNIT_CASE(request_changes_one_entry),
	KUNIT_CASE(switch_between_kinds),
	{}
};

static struct kunit_suite asi_prctl_suite = {
	.name = "asi_prctl",
	.init = asi_test_init,
	.test_cases = asi_prctl_cases,
};

kunit_test_suite(asi_prctl_suite);

MODULE_DESCRIPTION("KUnit tests of processes that ask for isolation");
MODULE_LICENSE("GPL");
