// SPDX-License-Identifier: GPL-2.0
/*
 * A model of when a CPU leaves and enters restricted tables, compared with the code over
 * random steps. Boot with: asi=user movablecore=256M
 */

#include "asi_kunit.h"

#include <linux/entry-common.h>
#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/mmu_context.h>
#include <linux/pg_table_context.h>
#include <linux/prandom.h>
#include <linux/random.h>

#define STEPS		100000
/* After so many steps, interrupts are enabled and the next ones begin anew. */
#define STEPS_AT_ONCE	100
#define MAX_KMAPS	4

enum table {
	OWN,		/* The process that the thread uses. */
	OTHER,
	KERNEL,		/* init_mm, whose restricted table is the template. */
	CONTEXT,
};

enum step {
	RETURN_TO_USER,
	LEAVE,
	READ_HOLE,
	READ_OTHER,
	KMAP,
	KUNMAP,
	KMAP_OTHER,
	INTERRUPT,
	NMI,
	SWITCH_TO_OWN,
	SWITCH_TO_OTHER,
	SWITCH_TO_KERNEL,
	ENTER_CONTEXT,
	LEAVE_CONTEXT,
	FLUSH_PAGE,
	FLUSH_ALL,
	NR_STEPS,
};

static const char * const names[] = {
	"return to user mode", "leave", "read a hole", "read another page", "kmap", "kunmap",
	"kmap another page", "interrupt that maps a page", "NMI that reads a hole",
	"switch to the own process", "switch to another process", "switch to init_mm",
	"enter a context", "leave the context", "flush a page", "flush all",
};

/* What the CPU should be in, and have counted. */
struct model {
	enum table table;
	enum table before_context;
	bool restricted;
	unsigned int kmaps;
	struct asi_counts counts;
};

struct world {
	struct mm_struct *mm[2];
	struct pg_table *context;
	struct pg_table *prev;
	struct page *hole;
	struct page *other;
	void *mapped[MAX_KMAPS];
};

static void model_exit(struct model *m, enum asi_exit why)
{
	if (!m->restricted)
		return;
	m->restricted = false;
	m->counts.exits[why]++;
}

static void model_entry(struct model *m, enum asi_entry why)
{
	if (m->restricted)
		return;
	m->restricted = true;
	m->counts.entries[why]++;
}

static void model_kmap(struct model *m)
{
	m->kmaps++;
	model_exit(m, ASI_EXIT_KMAP);
}

static void model_kunmap(struct model *m)
{
	if (!--m->kmaps && m->table == OWN)
		model_entry(m, ASI_ENTER_KUNMAP);
}

/* Kernel threads go on with the variant that is loaded. */
static void model_switch(struct model *m, enum table next)
{
	m->table = next;
	if (next != KERNEL)
		model_entry(m, ASI_ENTER_SWITCH);
}

static bool is_possible(const struct model *m, enum step step)
{
	switch (step) {
	case RETURN_TO_USER:
		return m->table == OWN || m->table == OTHER;
	case KMAP:
		return m->kmaps < MAX_KMAPS;
	case KUNMAP:
		return m->kmaps;
	case SWITCH_TO_OWN:
	case SWITCH_TO_OTHER:
	case SWITCH_TO_KERNEL:
		return m->table != CONTEXT;
	case ENTER_CONTEXT:
		return m->table == OWN || m->table == OTHER;
	case LEAVE_CONTEXT:
		return m->table == CONTEXT;
	default:
		return true;
	}
}

static void do_model(struct model *m, enum step step)
{
	bool was_restricted = m->restricted;

	switch (step) {
	case RETURN_TO_USER:
		model_entry(m, ASI_ENTER_USER);
		break;
	case LEAVE:
		model_exit(m, ASI_EXIT_SUSPEND);
		break;
	case READ_HOLE:
		model_exit(m, ASI_EXIT_FAULT);
		break;
	case KMAP:
		model_kmap(m);
		break;
	case KUNMAP:
		model_kunmap(m);
		break;
	case INTERRUPT:
		model_kmap(m);
		model_kunmap(m);
		break;
	case NMI:
		model_exit(m, ASI_EXIT_FAULT);
		if (was_restricted)
			model_entry(m, ASI_ENTER_NMI);
		break;
	case SWITCH_TO_OWN:
		model_switch(m, OWN);
		break;
	case SWITCH_TO_OTHER:
		model_switch(m, OTHER);
		break;
	case SWITCH_TO_KERNEL:
		model_switch(m, KERNEL);
		break;
	case ENTER_CONTEXT:
		m->before_context = m->table;
		model_exit(m, ASI_EXIT_SWITCH);
		m->table = CONTEXT;
		break;
	case LEAVE_CONTEXT:
		model_switch(m, m->before_context);
		break;
	default:
		break;
	}
}

static void do_kernel(struct world *w, const struct model *m, enum step step)
{
	struct pt_regs regs = { .flags = X86_EFLAGS_FIXED };
	irqentry_state_t state;

	switch (step) {
	case RETURN_TO_USER:
		arch_exit_to_user_mode();
		break;
	case LEAVE:
		asi_leave(ASI_EXIT_SUSPEND, _THIS_IP_);
		break;
	case READ_HOLE:
		READ_ONCE(*(u64 *)page_address(w->hole));
		break;
	case READ_OTHER:
		READ_ONCE(*(u64 *)page_address(w->other));
		break;
	case KMAP:
		w->mapped[m->kmaps] = kmap_local_page(w->hole);
		break;
	case KUNMAP:
		kunmap_local(w->mapped[m->kmaps - 1]);
		break;
	case KMAP_OTHER:
		kunmap_local(kmap_local_page(w->other));
		break;
	case INTERRUPT:
		__irq_enter_raw();
		kunmap_local(kmap_local_page(w->hole));
		__irq_exit_raw();
		break;
	case NMI:
		state = irqentry_nmi_enter(&regs);
		READ_ONCE(*(u64 *)page_address(w->hole));
		irqentry_nmi_exit(&regs, state);
		break;
	case SWITCH_TO_OWN:
	case SWITCH_TO_OTHER:
		switch_mm_irqs_off(NULL, w->mm[step - SWITCH_TO_OWN], current);
		break;
	case SWITCH_TO_KERNEL:
		switch_mm_irqs_off(NULL, &init_mm, current);
		break;
	case ENTER_CONTEXT:
		w->prev = pg_table_enter(w->context);
		break;
	case LEAVE_CONTEXT:
		pg_table_leave(w->prev);
		break;
	case FLUSH_PAGE:
		flush_tlb_one_kernel((unsigned long)page_address(w->other));
		break;
	case FLUSH_ALL:
		__flush_tlb_all();
		break;
	default:
		break;
	}
}

static unsigned long expected_root(const struct world *w, const struct model *m)
{
	pgd_t *root = m->table == CONTEXT ? w->context->pgd :
		      m->table == KERNEL ? init_mm.pgt.pgd : w->mm[m->table]->pgt.pgd;

	return __sme_pa(root) | (m->restricted ? ASI_CR3_ROOT : 0);
}

/* NULL if the CPU is as the model says, or what differs. */
static const char *difference(const struct world *w, const struct model *m, enum step step)
{
	struct asi_counts is = *this_cpu_ptr(&asi_counts);
	u32 marks = this_cpu_read(cpu_tlbstate.kern_pcid_flush_mask);
	unsigned long cr3 = __native_read_cr3();
	unsigned long pcid = cr3 & X86_CR3_PCID_MASK;

	if (asi_is_restricted() != m->restricted)
		return "restricted";
	if ((cr3 & CR3_ADDR_MASK) != expected_root(w, m))
		return "root";
	if (memcmp(is.entries, m->counts.entries, sizeof(is.entries)))
		return "entries";
	if (memcmp(is.exits, m->counts.exits, sizeof(is.exits)))
		return "exits";
	if (current->thread.asi_kmaps != m->kmaps)
		return "kmaps";
	if (!static_cpu_has(X86_FEATURE_PCID))
		return NULL;
	/* What is loaded was flushed when it was loaded, or later. */
	if (marks & BIT(pcid))
		return "mark of the loaded PCID";
	if (step == FLUSH_PAGE && m->table != CONTEXT && !(marks & BIT(pcid ^ ASI_CR3_PCID)))
		return "mark of the other PCID";
	return NULL;
}

struct result {
	const char *differs;
	enum step step;
	unsigned int done[NR_STEPS];
};

static bool do_step(struct world *w, struct model *m, enum step step, struct result *r)
{
	if (!is_possible(m, step))
		return true;
	do_kernel(w, m, step);
	do_model(m, step);
	r->done[step]++;
	r->step = step;
	r->differs = difference(w, m, step);
	return !r->differs;
}

/* As the thread should be while interrupts are enabled. */
static void finish(struct world *w, struct model *m, struct result *r)
{
	bool good = do_step(w, m, LEAVE_CONTEXT, r);

	while (good && m->kmaps)
		good = do_step(w, m, KUNMAP, r);
	if (good)
		do_step(w, m, SWITCH_TO_OWN, r);
}

static void random_steps_match_model(struct kunit *test)
{
	struct model m = { .table = OWN };
	unsigned int i, step = 0, seed = get_random_u32();
	struct rnd_state rnd;
	struct result r = { };
	struct world w = {
		.context = new_context(test),
		.hole = get_movable(test),
		.other = get_page_from(test, GFP_KERNEL),
	};

	w.mm[OTHER] = new_isolated_mm(test);
	w.mm[OWN] = use_isolated_mm(test);
	prandom_seed_state(&rnd, seed);

	while (step < STEPS && !r.differs) {
		local_irq_disable();
		/* A timer interrupt may have led to other threads and back. */
		m.restricted = asi_is_restricted();
		m.counts = counts();
		for (i = 0; i < STEPS_AT_ONCE && !r.differs; i++, step++)
			do_step(&w, &m, prandom_u32_state(&rnd) % NR_STEPS, &r);
		if (!r.differs)
			finish(&w, &m, &r);
		local_irq_enable();
	}

	kunit_info(test, "%u steps, seed %u", step, seed);
	KUNIT_EXPECT_NULL_MSG(test, r.differs, "step %u, seed %u, %s: %s", step, seed,
			      names[r.step], r.differs);
	for (i = 0; i < NR_STEPS; i++)
		KUNIT_EXPECT_GT_MSG(test, r.done[i], 0, "%s", names[i]);
	/* After a difference, nobody knows what is mapped or loaded. */
	if (!r.differs)
		kthread_unuse_mm(w.mm[OWN]);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(random_steps_match_model),
	{}
};

static struct kunit_suite suite = {
	.name = "asi_model",
	.init = asi_test_init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit test that compares address space isolation with a model");
MODULE_LICENSE("GPL");
