/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the KUnit suites of address space isolation. */
#ifndef _ASI_KUNIT_H
#define _ASI_KUNIT_H

#include <kunit/pg_table.h>
#include <kunit/test.h>

#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <asm/asi.h>
#include <asm/tlbflush.h>

#define VALUE	0x1234567812345678UL

static inline int asi_test_init(struct kunit *test)
{
	if (!asi_enabled())
		kunit_skip(test, "isolation is off");
	return 0;
}

static inline struct mm_struct *isolated(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	asi_isolate(mm);
	mmap_write_unlock(mm);
	return mm;
}

static inline struct mm_struct *new_isolated_mm(struct kunit *test)
{
	return isolated(new_mm(test));
}

static inline struct mm_struct *use_isolated_mm(struct kunit *test)
{
	return isolated(use_new_mm(test));
}

static inline void free_page_of(void *page)
{
	__free_page(page);
}

/* A page that begins with VALUE, in the hole or not. */
static inline struct page *get_page_from(struct kunit *test, gfp_t gfp)
{
	struct page *page = alloc_page(gfp);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_page_of, page));
	KUNIT_ASSERT_EQ(test, is_zone_movable_page(page), !!(gfp & __GFP_MOVABLE));
	*(u64 *)page_address(page) = VALUE;
	return page;
}

static inline struct page *get_movable(struct kunit *test)
{
	return get_page_from(test, GFP_HIGHUSER_MOVABLE);
}

/* What this CPU has counted, while interrupts are disabled. */
static inline struct asi_counts counts(void)
{
	return *this_cpu_ptr(&asi_counts);
}

/* Interrupts are disabled until stop(). */
static inline struct asi_counts start(void)
{
	local_irq_disable();
	asi_enter(ASI_ENTER_USER);
	return counts();
}

struct observed {
	struct asi_counts before;
	struct asi_counts after;
	bool restricted;
	u64 value;
};

static inline void stop(struct observed *o)
{
	o->restricted = asi_is_restricted();
	o->after = counts();
	local_irq_enable();
}

static inline void expect_exits(struct kunit *test, const struct observed *o,
				enum asi_exit why, unsigned long count)
{
	bool barriers = boot_cpu_has(X86_FEATURE_USE_IBPB) ||
			strstr(saved_command_line, ",barriers");
	unsigned int i;

	for (i = 0; i < NR_ASI_EXITS; i++) {
		unsigned long is = o->after.exits[i] - o->before.exits[i];

		KUNIT_EXPECT_EQ_MSG(test, is, i == why ? count : 0, "exits by cause %u", i);
		KUNIT_EXPECT_EQ_MSG(test, o->after.barriers[i] - o->before.barriers[i],
				    barriers ? is : 0, "barriers by cause %u", i);
	}
}

static inline void expect_entries(struct kunit *test, const struct observed *o,
				  enum asi_entry why, unsigned long count)
{
	bool flushes = strstr(saved_command_line, ",barriers");
	unsigned int i;

	for (i = 0; i < NR_ASI_ENTRIES; i++) {
		unsigned long is = o->after.entries[i] - o->before.entries[i];

		KUNIT_EXPECT_EQ_MSG(test, is, i == why ? count : 0, "entries from %u", i);
		if (flushes)
			KUNIT_EXPECT_EQ_MSG(test, o->after.flushes[i] - o->before.flushes[i],
					    is, "flushes from %u", i);
	}
}

#endif /* _ASI_KUNIT_H */
