// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of kmap_local_page() where it maps every page.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/highmem.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <asm/kmap_size.h>

#include "../internal.h"

/* With DEBUG_KMAP_LOCAL, every second slot is a guard. */
#define KMAP_TEST_LIMIT		((KM_MAX_IDX - 1) / 2)

/* A task is switched away from this often. */
#define KMAP_TEST_SWITCHES	20

static void kmap_test_free(void *page)
{
	__free_pages(page, compound_order(page));
}

/* Pages whose contents are consecutive numbers from @value on. */
static struct page *kmap_test_pages(struct kunit *test, unsigned int order, unsigned long value)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, kmap_test_free, page));
	for (i = 0; i < PAGE_SIZE << order; i += sizeof(value))
		*(unsigned long *)(page_address(page) + i) = value + (i >> PAGE_SHIFT);
	return page;
}

static struct page *kmap_test_page(struct kunit *test, unsigned long value)
{
	return kmap_test_pages(test, 0, value);
}

static bool kmap_test_readable(const void *addr)
{
	unsigned long value;

	return !copy_from_kernel_nofault(&value, addr, sizeof(value));
}

/* Not a plain access, so that a missing mapping is a failure and not an oops. */
static unsigned long kmap_test_read(const void *addr)
{
	unsigned long value;

	return copy_from_kernel_nofault(&value, addr, sizeof(value)) ? 0 : value;
}

static void kmap_local_maps(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	unsigned long *direct = page_address(page);
	unsigned long *addr = kmap_local_page(page);

	KUNIT_EXPECT_PTR_NE(test, addr, direct);
	KUNIT_EXPECT_TRUE(test, is_kmap_addr(addr));
	KUNIT_EXPECT_TRUE(test, is_kmap_addr((void *)addr + PAGE_SIZE - 1));
	KUNIT_EXPECT_FALSE(test, is_kmap_addr(direct));
	KUNIT_EXPECT_FALSE(test, virt_addr_valid(addr));
	KUNIT_EXPECT_FALSE(test, is_vmalloc_or_module_addr(addr));
	KUNIT_EXPECT_PTR_EQ(test, page_address(page), (void *)direct);
	KUNIT_EXPECT_PTR_EQ(test, virt_to_page(direct), page);

	KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 1);
	WRITE_ONCE(addr[1], 2);
	KUNIT_EXPECT_EQ(test, READ_ONCE(direct[1]), 2);
	WRITE_ONCE(direct[1], 3);
	KUNIT_EXPECT_EQ(test, READ_ONCE(addr[1]), 3);

	kunmap_local(addr);
	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr));
	KUNIT_EXPECT_EQ(test, READ_ONCE(direct[1]), 3);
}

static void kmap_local_maps_one_page(struct kunit *test)
{
	struct page *page = kmap_test_pages(test, 1, 1);
	void *addr = kmap_local_page(page);

	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr - PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr + PAGE_SIZE));
	kunmap_local(addr);
}

static void kmap_local_maps_part_of_folio(struct kunit *test)
{
	struct folio *folio = page_folio(kmap_test_pages(test, 2, 10));
	unsigned long offset;

	for (offset = 0; offset < folio_size(folio); offset += PAGE_SIZE / 2) {
		void *addr = kmap_local_folio(folio, offset);

		KUNIT_EXPECT_EQ(test, offset_in_page(addr), offset_in_page(offset));
		KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 10 + offset / PAGE_SIZE);
		kunmap_local(addr);
	}
}

/* Up to the limit, each mapping has its own address, and is the last one to be undone. */
static void kmap_local_nests(struct kunit *test)
{
	struct page *page[KMAP_TEST_LIMIT];
	void *addr[KMAP_TEST_LIMIT];
	int i, j;

	for (i = 0; i < KMAP_TEST_LIMIT; i++)
		page[i] = kmap_test_page(test, 100 + i);

	for (i = 0; i < KMAP_TEST_LIMIT; i++) {
		addr[i] = kmap_local_page(page[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, addr[i], addr[j]);
	}
	for (i = 0; i < KMAP_TEST_LIMIT; i++)
		KUNIT_EXPECT_EQ(test, kmap_test_read(addr[i]), 100 + i);

	while (i--) {
		kunmap_local(addr[i] + i);
		KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr[i]));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_EQ(test, kmap_test_read(addr[j]), 100 + j);
	}
}

static void kmap_local_maps_a_page_twice(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	void *a = kmap_local_page(page);
	void *b = kmap_local_page(page);

	KUNIT_EXPECT_PTR_NE(test, a, b);
	kunmap_local(b);
	KUNIT_EXPECT_EQ(test, kmap_test_read(a), 1);
	kunmap_local(a);
}

/* The TLB must have forgotten the page that was in the slot before. */
static void kmap_local_unmap_flushes(struct kunit *test)
{
	struct page *page[2] = { kmap_test_page(test, 1), kmap_test_page(test, 2) };
	int i;

	for (i = 0; i < 10; i++) {
		void *addr = kmap_local_page(page[i % 2]);

		KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 1 + i % 2);
		kunmap_local(addr);
		KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr));
	}
}

#ifdef CONFIG_SMP
static void kmap_local_keeps_the_cpu(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	const unsigned int before = current->migration_disabled;
	void *addr = kmap_local_page(page);

	KUNIT_EXPECT_EQ(test, current->migration_disabled, before + 1);
	KUNIT_EXPECT_FALSE(test, pagefault_disabled());
	kunmap_local(addr);
	KUNIT_EXPECT_EQ(test, current->migration_disabled, before);
}
#endif

static void kmap_local_atomic(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	void *addr = kmap_atomic(page);

	KUNIT_EXPECT_TRUE(test, is_kmap_addr(addr));
	KUNIT_EXPECT_TRUE(test, pagefault_disabled());
	KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 1);
	kunmap_atomic(addr);
	KUNIT_EXPECT_FALSE(test, pagefault_disabled());
	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr));
}

static int kmap_test_reports;

static void kmap_test_report(const char *what)
{
	kmap_test_reports++;
}

static void kmap_test_expect_reports(struct kunit *test)
{
	/* A report is made with preemption disabled. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "finding the stub takes a lock that may sleep");
	kmap_test_reports = 0;
	kunit_activate_static_stub(test, kmap_local_report, kmap_test_report);
}

/* What is left is what was not unmapped, and nothing stale. */
static void kmap_local_reports_order(struct kunit *test)
{
	struct page *page[2] = { kmap_test_page(test, 1), kmap_test_page(test, 2) };
	void *addr[2];

	kmap_test_expect_reports(test);
	addr[0] = kmap_local_page(page[0]);
	addr[1] = kmap_local_page(page[1]);
	KUNIT_EXPECT_EQ(test, kmap_test_read(addr[0]), 1);
	KUNIT_EXPECT_EQ(test, kmap_test_read(addr[1]), 2);

	kunmap_local(addr[0]);
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 1);
	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr[1]));
	kunmap_local(addr[1]);
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 2);
	KUNIT_EXPECT_FALSE(test, kmap_test_readable(addr[0]));

	addr[0] = kmap_local_page(page[0]);
	kunmap_local(addr[0]);
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 2);
}

static void kmap_local_reports_foreign_address(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);

	kmap_test_expect_reports(test);
	kunmap_local(page_address(page));
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 1);
}

static void kmap_local_reports_depth(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	void *addr[KMAP_TEST_LIMIT + 2];
	int i;

	kmap_test_expect_reports(test);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = kmap_local_page(page);
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 2);
	KUNIT_EXPECT_TRUE(test, is_kmap_addr(addr[KMAP_TEST_LIMIT - 1]));
	KUNIT_EXPECT_PTR_EQ(test, addr[KMAP_TEST_LIMIT], page_address(page));
	KUNIT_EXPECT_PTR_EQ(test, addr[KMAP_TEST_LIMIT + 1], page_address(page));

	while (i--)
		kunmap_local(addr[i]);
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 2);

	kunmap_local(page_address(page));
	KUNIT_EXPECT_EQ(test, kmap_test_reports, 3);
}

struct kmap_test_switch {
	struct page *page[2];
	struct completion there, back;
	void *addr;
	int wrong;
};

/* Uses the slots of the test while that is switched away. */
static int kmap_test_other(void *data)
{
	struct kmap_test_switch *s = data;
	void *inner;
	int i;

	for (i = 0; i < KMAP_TEST_SWITCHES; i++) {
		wait_for_completion(&s->there);
		/* The test has mapped nothing in this task. */
		if (s->addr && kmap_test_readable(s->addr))
			s->wrong++;
		s->addr = kmap_local_page(s->page[0]);
		inner = kmap_local_page(s->page[1]);
		complete(&s->back);

		wait_for_completion(&s->there);
		if (kmap_test_read(s->addr) != 3 || kmap_test_read(inner) != 4)
			s->wrong++;
		kunmap_local(inner);
		kunmap_local(s->addr);
		complete(&s->back);
	}
	return 0;
}

static void kmap_local_survives_switches(struct kunit *test)
{
	struct page *page[2] = { kmap_test_page(test, 1), kmap_test_page(test, 2) };
	struct kmap_test_switch s = {
		.page = { kmap_test_page(test, 3), kmap_test_page(test, 4) },
		.there = COMPLETION_INITIALIZER_ONSTACK(s.there),
		.back = COMPLETION_INITIALIZER_ONSTACK(s.back),
	};
	struct task_struct *other;
	void *outer, *inner;
	int i;

	outer = kmap_local_page(page[0]);
	/* The mapping keeps this task on this CPU. */
	other = kthread_create_on_cpu(kmap_test_other, &s, raw_smp_processor_id(), "kmap_local");
	if (IS_ERR(other)) {
		kunmap_local(outer);
		KUNIT_FAIL_AND_ABORT(test, "no thread: %pe", other);
	}
	get_task_struct(other);
	wake_up_process(other);

	for (i = 0; i < KMAP_TEST_SWITCHES; i++) {
		inner = kmap_local_page(page[1]);
		complete(&s.there);
		wait_for_completion(&s.back);

		KUNIT_EXPECT_PTR_EQ(test, s.addr, outer);
		KUNIT_EXPECT_EQ(test, kmap_test_read(outer), 1);
		KUNIT_EXPECT_EQ(test, kmap_test_read(inner), 2);
		kunmap_local(inner);
		KUNIT_EXPECT_FALSE(test, kmap_test_readable(inner));

		complete(&s.there);
		wait_for_completion(&s.back);
		KUNIT_EXPECT_EQ(test, kmap_test_read(outer), 1);
		KUNIT_EXPECT_FALSE(test, kmap_test_readable(inner));
	}

	kunmap_local(outer);
	kthread_stop(other);
	put_task_struct(other);
	KUNIT_EXPECT_EQ(test, s.wrong, 0);
}

struct kmap_test_irq {
	struct irq_work work;
	struct page *page;
	unsigned long value;
	void *addr;
};

static void kmap_test_map_irq(void *data)
{
	struct kmap_test_irq *irq = data;

	irq->addr = kmap_local_page(irq->page);
	irq->value = kmap_test_read(irq->addr);
	kunmap_local(irq->addr);
	if (kmap_test_readable(irq->addr))
		irq->value = 0;
}

static void kmap_test_irq_work(struct irq_work *work)
{
	kmap_test_map_irq(container_of(work, struct kmap_test_irq, work));
}

/* An interrupt takes the next slot of the task that it interrupts. */
static void kmap_local_in_interrupt(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	struct kmap_test_irq irq = { .page = kmap_test_page(test, 2) };
	void *addr = kmap_local_page(page);

	irq.work = IRQ_WORK_INIT_HARD(kmap_test_irq_work);
	irq_work_queue(&irq.work);
	irq_work_sync(&irq.work);
	KUNIT_EXPECT_EQ(test, irq.value, 2);
	KUNIT_EXPECT_PTR_NE(test, irq.addr, addr);
	KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 1);
	kunmap_local(addr);
}

static void kmap_local_differs_by_cpu(struct kunit *test)
{
	struct page *page = kmap_test_page(test, 1);
	struct kmap_test_irq irq = { .page = kmap_test_page(test, 2) };
	void *last = NULL;
	int cpu;

	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU");

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		void *addr = kmap_local_page(page);

		irq.value = 0;
		KUNIT_EXPECT_EQ(test, 0, smp_call_function_single(cpu, kmap_test_map_irq, &irq, 1));
		KUNIT_EXPECT_EQ(test, irq.value, 2);
		KUNIT_EXPECT_PTR_NE(test, irq.addr, addr);
		KUNIT_EXPECT_PTR_NE(test, irq.addr, last);
		last = irq.addr;
		KUNIT_EXPECT_EQ(test, kmap_test_read(addr), 1);
		kunmap_local(addr);
	}
	cpus_read_unlock();
}

/* What goes beyond one page has to map each of them. */
static void kmap_local_callers_cross_pages(struct kunit *test)
{
	const unsigned int pages = 4, half = PAGE_SIZE / 2;
	struct page *page = kmap_test_pages(test, ilog2(pages), 1);
	struct page *with = kmap_test_pages(test, ilog2(pages), 1);
	struct folio *folio = page_folio(page);
	void *direct = page_address(page), *buf = page_address(with);
	struct iov_iter iter;
	struct kvec vec;

	folio_zero_segments(folio, 8, half, PAGE_SIZE + half, 3 * PAGE_SIZE + half);
	memset(buf + 8, 0, half - 8);
	memset(buf + PAGE_SIZE + half, 0, 2 * PAGE_SIZE);
	KUNIT_EXPECT_MEMEQ(test, direct, buf, pages * PAGE_SIZE);

	memset(buf, 5, pages * PAGE_SIZE);
	memcpy_to_folio(folio, half, buf, 2 * PAGE_SIZE);
	KUNIT_EXPECT_MEMEQ(test, direct + half, buf, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, *(unsigned long *)direct);
	KUNIT_EXPECT_EQ(test, 0, *(unsigned long *)(direct + half + 2 * PAGE_SIZE));

	memcpy_from_folio(buf, folio, half + 8, 3 * PAGE_SIZE);
	KUNIT_EXPECT_MEMEQ(test, buf, direct + half + 8, 3 * PAGE_SIZE);

	memset(buf, 6, pages * PAGE_SIZE);
	vec.iov_base = buf;
	vec.iov_len = 2 * PAGE_SIZE;
	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_EQ(test, copy_folio_from_iter_atomic(folio, half, vec.iov_len, &iter),
			vec.iov_len);
	KUNIT_EXPECT_MEMEQ(test, direct + half, buf, vec.iov_len);

	vec.iov_base = buf;
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_EQ(test, copy_page_to_iter(page, half + 8, vec.iov_len, &iter), vec.iov_len);
	KUNIT_EXPECT_MEMEQ(test, direct + half + 8, buf, vec.iov_len);
}

static struct kunit_case kmap_local_cases[] = {
	KUNIT_CASE(kmap_local_maps),
	KUNIT_CASE(kmap_local_maps_one_page),
	KUNIT_CASE(kmap_local_maps_part_of_folio),
	KUNIT_CASE(kmap_local_nests),
	KUNIT_CASE(kmap_local_maps_a_page_twice),
	KUNIT_CASE(kmap_local_unmap_flushes),
#ifdef CONFIG_SMP
	KUNIT_CASE(kmap_local_keeps_the_cpu),
#endif
	KUNIT_CASE(kmap_local_atomic),
	KUNIT_CASE(kmap_local_reports_order),
	KUNIT_CASE(kmap_local_reports_foreign_address),
	KUNIT_CASE(kmap_local_reports_depth),
	KUNIT_CASE(kmap_local_survives_switches),
	KUNIT_CASE(kmap_local_in_interrupt),
	KUNIT_CASE(kmap_local_differs_by_cpu),
	KUNIT_CASE(kmap_local_callers_cross_pages),
	{}
};

static struct kunit_suite kmap_local_suite = {
	.name = "kmap_local",
	.test_cases = kmap_local_cases,
};

kunit_test_suite(kmap_local_suite);
