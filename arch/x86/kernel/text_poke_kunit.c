// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of text poking: what it writes, what it leaves behind, and the
 * breakpoints that user space may set on its window.
 */

#include <kunit/test.h>

#include <linux/execmem.h>
#include <linux/fault-inject.h>
#include <linux/hw_breakpoint.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/set_memory.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/debugreg.h>
#include <asm/text-patching.h>

#define PAGES	4
#define SIZE	(PAGES * PAGE_SIZE)

static void free_text(void *text)
{
	execmem_free(text);
}

/* Allocate executable memory that only text_poke() can write. */
static u8 *alloc_text(struct kunit *test)
{
	u8 *text = execmem_alloc(EXECMEM_BPF, SIZE);

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_text, text));
	set_vm_flush_reset_perms(text);
	KUNIT_ASSERT_EQ(test, 0, set_memory_rox((unsigned long)text, PAGES));
	text_poke_set(text, INT3_INSN_OPCODE, SIZE);
	return text;
}

static void poke(void *addr, const void *opcode, size_t len)
{
	mutex_lock(&text_mutex);
	text_poke(addr, opcode, len);
	mutex_unlock(&text_mutex);
}

/* Poke eight bytes, in one page or across a page boundary. */
static void poke_one_page(u8 *text)
{
	u64 value = get_random_u64();

	poke(text, &value, sizeof(value));
}

static void poke_two_pages(u8 *text)
{
	u64 value[2] = { get_random_u64(), get_random_u64() };

	poke(text + PAGE_SIZE - sizeof(u64), value, sizeof(value));
}

static void poke_writes_given_bytes(struct kunit *test)
{
	u8 *text = alloc_text(test);
	u8 *model = kunit_kmalloc(test, SIZE, GFP_KERNEL);
	u8 *source = kunit_kmalloc(test, SIZE, GFP_KERNEL);
	unsigned int crossed = 0, round;
	size_t at, len, max;
	struct rnd_state rnd;
	u32 seed = get_random_u32();

	KUNIT_ASSERT_NOT_NULL(test, model);
	KUNIT_ASSERT_NOT_NULL(test, source);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	memset(model, INT3_INSN_OPCODE, SIZE);
	KUNIT_ASSERT_MEMEQ(test, text, model, SIZE);

	for (round = 0; round < 300; round++) {
		/* Every other poke begins just before a page boundary. */
		at = prandom_u32_state(&rnd) % SIZE;
		if (round & 1)
			at = round_down(at, PAGE_SIZE) + PAGE_SIZE - 1 - at % 8;
		max = min_t(size_t, SIZE - at, 2 * PAGE_SIZE - offset_in_page(at));
		if (round % 8)
			max = min_t(size_t, max, 16);
		len = 1 + prandom_u32_state(&rnd) % max;
		crossed += offset_in_page(at) + len > PAGE_SIZE;

		prandom_bytes_state(&rnd, source, len);
		memcpy(model + at, source, len);
		poke(text + at, source, len);
		KUNIT_ASSERT_EQ_MSG(test, 0, memcmp(text, model, SIZE),
				    "round %u: %zu bytes at %zx", round, len, at);
	}
	KUNIT_EXPECT_GT(test, crossed, 0);
}

static void set_fills_given_range(struct kunit *test)
{
	u8 *text = alloc_text(test);
	u8 *model = kunit_kmalloc(test, SIZE, GFP_KERNEL);
	struct rnd_state rnd;
	u32 seed = get_random_u32();
	unsigned int round;
	size_t at, len;
	u8 c;

	KUNIT_ASSERT_NOT_NULL(test, model);
	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&rnd, seed);
	memset(model, INT3_INSN_OPCODE, SIZE);

	for (round = 0; round < 60; round++) {
		at = prandom_u32_state(&rnd) % SIZE;
		len = 1 + prandom_u32_state(&rnd) % (SIZE - at);
		c = prandom_u32_state(&rnd);
		memset(model + at, c, len);
		text_poke_set(text + at, c, len);
		KUNIT_ASSERT_EQ_MSG(test, 0, memcmp(text, model, SIZE),
				    "round %u: %zu bytes at %zx", round, len, at);
	}
}

/* The table page of the window still exists, and has no entries. */
static void expect_nothing_mapped(struct kunit *test, const char *after)
{
	unsigned long addr, start = round_down(poking_addr, PMD_SIZE), size;
	pte_t *pte;

	for (addr = start; addr < start + PMD_SIZE; addr += PAGE_SIZE) {
		pte = pg_table_lookup(poking_pgt, addr, &size);
		KUNIT_ASSERT_NOT_NULL(test, pte);
		KUNIT_ASSERT_EQ_MSG(test, size, PAGE_SIZE, "after %s", after);
		KUNIT_ASSERT_EQ_MSG(test, pte_val(*pte), 0, "page %ld after %s",
				    (long)(addr - poking_addr) / (long)PAGE_SIZE, after);
	}
}

static void poke_leaves_window_unmapped(struct kunit *test)
{
	u8 *text = alloc_text(test);

	expect_nothing_mapped(test, "text_poke_set()");
	poke_one_page(text);
	expect_nothing_mapped(test, "a poke of one page");
	poke_two_pages(text);
	expect_nothing_mapped(test, "a poke of two pages");
	poke_one_page(text);
	expect_nothing_mapped(test, "another poke of one page");
}

/* Is this user address mapped in the loaded table? */
static bool can_read(unsigned long addr)
{
	unsigned long left;
	u8 byte;

	pagefault_disable();
	left = __copy_from_user_inatomic(&byte, (void __user *)addr, sizeof(byte));
	pagefault_enable();
	return !left;
}

static bool can_read_inside(unsigned long addr)
{
	struct pg_table *prev;
	bool can;

	preempt_disable();
	prev = pg_table_enter(poking_pgt);
	can = can_read(addr);
	pg_table_leave(prev);
	preempt_enable();
	return can;
}

static pgprot_t not_global(pgprot_t prot)
{
	return __pgprot(pgprot_val(prot) & ~_PAGE_GLOBAL);
}

static void window_faults_after_poke(struct kunit *test)
{
	unsigned long size, second = poking_addr + PAGE_SIZE;
	u8 *text = alloc_text(test);
	pte_t *pte;

	/* Check that can_read_inside() sees a mapping. */
	mutex_lock(&text_mutex);
	pte = pg_table_lookup(poking_pgt, poking_addr, &size);
	set_pte(pte, pfn_pte(vmalloc_to_pfn(text), not_global(PAGE_KERNEL_RO)));
	KUNIT_EXPECT_TRUE(test, can_read_inside(poking_addr));
	set_pte(pte, __pte(0));
	pg_table_expire(poking_pgt);
	mutex_unlock(&text_mutex);

	poke_two_pages(text);
	KUNIT_EXPECT_FALSE(test, can_read_inside(poking_addr));
	KUNIT_EXPECT_FALSE(test, can_read_inside(second));
	KUNIT_EXPECT_FALSE(test, can_read(poking_addr));
	KUNIT_EXPECT_FALSE(test, can_read(second));
}

/*
 * A TLB may keep a translation of the window under a PCID. Only a new generation
 * after each poke prevents its use.
 */
static void poke_increments_generation(struct kunit *test)
{
	u8 *text = alloc_text(test);
	u64 before;

	before = atomic64_read(&poking_pgt->arch.tlb_gen);
	poke_one_page(text);
	KUNIT_EXPECT_GT(test, atomic64_read(&poking_pgt->arch.tlb_gen), before);
	before = atomic64_read(&poking_pgt->arch.tlb_gen);
	poke_two_pages(text);
	KUNIT_EXPECT_GT(test, atomic64_read(&poking_pgt->arch.tlb_gen), before);
}

#ifdef CONFIG_FAULT_INJECTION
#define FAR	1000

static void count_allocations(void)
{
	WRITE_ONCE(current->fail_nth, FAR);
}

static unsigned int allocations(void)
{
	unsigned int left = READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return FAR - left;
}
#else
static void count_allocations(void) { }
static unsigned int allocations(void) { return 0; }
#endif

/* For text of the kernel image with interrupts disabled: sleeping would be a bug. */
static void poke_allocates_nothing(struct kunit *test)
{
	u8 *text = alloc_text(test), *image = (u8 *)poke_leaves_window_unmapped;
	long bytes = atomic_long_read(&poking_pgt->pgtables_bytes);
	u64 value[2] = { get_random_u64(), get_random_u64() };
	unsigned int nr, nr_image = 0;

	KUNIT_EXPECT_GT(test, bytes, 0);
	mutex_lock(&text_mutex);
	count_allocations();
	text_poke(text, value, sizeof(u64));
	text_poke(text + PAGE_SIZE - sizeof(u64), value, sizeof(value));
	nr = allocations();
	/* What is there already; a module's text is not in the image. */
	if (core_kernel_text((unsigned long)image)) {
		memcpy(value, image, sizeof(u64));
		local_irq_disable();
		count_allocations();
		text_poke(image, value, sizeof(u64));
		nr_image = allocations();
		local_irq_enable();
	}
	mutex_unlock(&text_mutex);

	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, nr_image, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&poking_pgt->pgtables_bytes), bytes);
}

static unsigned int hits;

static void hit(struct perf_event *event, struct perf_sample_data *data,
		struct pt_regs *regs)
{
	WRITE_ONCE(hits, hits + 1);
}

static void unregister(void *event)
{
	unregister_hw_breakpoint(event);
}

/* Like ptrace() or perf_event_open() for a task. */
static struct perf_event *set_breakpoint(struct kunit *test, unsigned long addr, int type)
{
	struct perf_event_attr attr;
	struct perf_event *event;

	hw_breakpoint_init(&attr);
	attr.bp_addr = addr;
	attr.bp_len = sizeof(long);
	attr.bp_type = type;
	WRITE_ONCE(hits, 0);
	event = register_user_hw_breakpoint(&attr, hit, NULL, current);
	KUNIT_ASSERT_FALSE(test, IS_ERR(event));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister, event));
	return event;
}

static void map_window_for_user(struct kunit *test)
{
	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		kunit_skip(test, "Xen PV does not load an mm that is not pinned");
	KUNIT_ASSERT_EQ(test, poking_addr,
			kunit_vm_mmap(test, NULL, poking_addr, 2 * PAGE_SIZE,
				      PROT_READ | PROT_WRITE,
				      MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, 0));
}

static void watchpoint(struct kunit *test, unsigned long addr, void (*poke_over)(u8 *text),
		       u8 *text)
{
	u64 __user *user = (u64 __user *)addr;
	struct perf_event *event = set_breakpoint(test, addr, HW_BREAKPOINT_W);
	unsigned int i;

	for (i = 0; i < 4; i++)
		poke_over(text);
	KUNIT_EXPECT_EQ(test, READ_ONCE(hits), 0);

	KUNIT_EXPECT_EQ(test, 0, put_user(17, user));
	KUNIT_EXPECT_EQ(test, READ_ONCE(hits), 1);
	poke_over(text);
	KUNIT_EXPECT_EQ(test, READ_ONCE(hits), 1);
	KUNIT_EXPECT_EQ(test, 0, put_user(18, user));
	KUNIT_EXPECT_EQ(test, READ_ONCE(hits), 2);
	kunit_release_action(test, unregister, event);
}

static void watchpoint_survives_poke(struct kunit *test)
{
	u8 *text = alloc_text(test);

	map_window_for_user(test);
	watchpoint(test, poking_addr, poke_one_page, text);
	watchpoint(test, poking_addr + PAGE_SIZE, poke_two_pages, text);
}

static void put(void *pgt)
{
	pg_table_put(pgt);
}

static unsigned long dr7(void)
{
	unsigned long value;

	get_debugreg(value, 7);
	return value;
}

static __nocfi void run(unsigned long addr)
{
	((void (*)(void))addr)();
}

/*
 * The window never holds code that a test could run, so run code at the same
 * address in another context.
 */
static void breakpoint_survives_context(struct kunit *test)
{
	static const u8 code[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xc3 }; /* endbr64; ret */
	unsigned long before, after_poke, after;
	u8 *text = alloc_text(test);
	struct pg_table *pgt, *prev;
	u64 value = get_random_u64();
	unsigned int inside, still_inside;

	poke(text + PAGE_SIZE, code, sizeof(code));
	pgt = pg_table_create(test->name);
	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, pgt));
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(pgt, poking_addr,
					      PFN_PHYS(vmalloc_to_pfn(text + PAGE_SIZE)),
					      PAGE_SIZE, PAGE_KERNEL_ROX));
	map_window_for_user(test);
	set_breakpoint(test, poking_addr, HW_BREAKPOINT_X);

	mutex_lock(&text_mutex);
	migrate_disable();
	before = dr7();
	text_poke(text, &value, sizeof(value));
	after_poke = dr7();
	preempt_disable();
	prev = pg_table_enter(pgt);
	run(poking_addr);
	inside = READ_ONCE(hits);
	/* Another caller, such as kgdb, must not enable them. */
	hw_breakpoint_restore();
	run(poking_addr);
	still_inside = READ_ONCE(hits);
	/* Check that the breakpoint fires if pg_table_enter() does not disable it. */
	hw_breakpoint_resume();
	run(poking_addr);
	pg_table_leave(prev);
	preempt_enable();
	after = dr7();
	migrate_enable();
	mutex_unlock(&text_mutex);

	KUNIT_EXPECT_NE(test, before & DR_GLOBAL_ENABLE_MASK, 0);
	KUNIT_EXPECT_EQ(test, before, after_poke);
	KUNIT_EXPECT_EQ(test, before, after);
	KUNIT_EXPECT_EQ(test, inside, 0);
	KUNIT_EXPECT_EQ(test, still_inside, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(hits), 1);
}

static u64 watched;

static struct perf_event *new_breakpoint(struct kunit *test)
{
	struct perf_event *event = kunit_kzalloc(test, sizeof(*event), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, event);
	event->hw.info.address = (unsigned long)&watched;
	event->hw.info.len = X86_BREAKPOINT_LEN_8;
	event->hw.info.type = X86_BREAKPOINT_WRITE;
	return event;
}

static unsigned long change_inside(struct pg_table *pgt, struct perf_event *install,
				   struct perf_event *uninstall)
{
	struct pg_table *prev = pg_table_enter(pgt);
	unsigned long inside;

	/* As in the IPI with which another CPU asks for it. */
	local_irq_disable();
	if (install)
		arch_install_hw_breakpoint(install);
	if (uninstall)
		arch_uninstall_hw_breakpoint(uninstall);
	inside = dr7();
	local_irq_enable();
	pg_table_leave(prev);
	return inside;
}

/* EFI calls run with interrupts enabled, so an IPI may install or remove one. */
static void breakpoints_change_while_inside(struct kunit *test)
{
	struct perf_event *a = new_breakpoint(test), *b = new_breakpoint(test);
	struct pg_table *pgt = pg_table_create(test->name);
	unsigned long before, one, both, left, inside[3];

	KUNIT_ASSERT_NOT_NULL(test, pgt);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, pgt));

	preempt_disable();
	before = dr7();
	inside[0] = change_inside(pgt, a, NULL);
	one = dr7();
	inside[1] = change_inside(pgt, b, NULL);
	both = dr7();
	inside[2] = change_inside(pgt, NULL, a);
	left = dr7();
	change_inside(pgt, NULL, b);
	preempt_enable();

	KUNIT_EXPECT_EQ(test, before & DR_GLOBAL_ENABLE_MASK, 0);
	KUNIT_EXPECT_EQ(test, hweight_long(one & DR_GLOBAL_ENABLE_MASK), 1);
	KUNIT_EXPECT_EQ(test, hweight_long(both & DR_GLOBAL_ENABLE_MASK), 2);
	KUNIT_EXPECT_EQ(test, left & DR_GLOBAL_ENABLE_MASK,
			(both & ~one) & DR_GLOBAL_ENABLE_MASK);
	KUNIT_EXPECT_EQ(test, dr7() & DR_GLOBAL_ENABLE_MASK, 0);
	KUNIT_EXPECT_EQ(test, inside[0] & DR_GLOBAL_ENABLE_MASK, 0);
	KUNIT_EXPECT_EQ(test, inside[1] & DR_GLOBAL_ENABLE_MASK, 0);
	KUNIT_EXPECT_EQ(test, inside[2] & DR_GLOBAL_ENABLE_MASK, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(poke_writes_given_bytes),
	KUNIT_CASE(set_fills_given_range),
	KUNIT_CASE(poke_leaves_window_unmapped),
	KUNIT_CASE(window_faults_after_poke),
	KUNIT_CASE(poke_increments_generation),
	KUNIT_CASE(poke_allocates_nothing),
	KUNIT_CASE(watchpoint_survives_poke),
	KUNIT_CASE(breakpoint_survives_context),
	KUNIT_CASE(breakpoints_change_while_inside),
	{}
};

static struct kunit_suite suite = {
	.name = "text_poke",
	.test_cases = cases,
};

kunit_test_suite(suite);
