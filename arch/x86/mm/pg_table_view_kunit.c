// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of views: what a CPU sees while it has one loaded.
 */

#include <kunit/pg_table.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/pg_table_context.h>
#include <linux/pg_table_view.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include <asm/insn.h>
#include <asm/insn-eval.h>
#include <asm/tlbflush.h>

/* The kernel half begins with a hole, which has root entries of its own. */
#define ADDR		arch_pg_table_kernel_start
#define GIB		BIT(30)
#define USER_VALUE	0x1111111111111111UL

static int skip_without_pti(struct kunit *test)
{
	if (!boot_cpu_has(X86_FEATURE_PTI))
		kunit_skip(test, "needs PTI");
	return 0;
}

static void link(struct kunit *test, struct pg_table *template, unsigned long start,
		 unsigned long end, unsigned long unit)
{
	KUNIT_ASSERT_EQ(test, 0, pg_table_link(template, &init_mm.pgt, start, end - start,
					       unit));
}

/* Create a template that maps the whole kernel, and @p at ADDR. */
static struct pg_table *new_kernel_template(struct kunit *test, void *p)
{
	struct pg_table *template = new_template(test);

	/* Smaller units at the end: a range cannot include the last address. */
	link(test, template, ADDR + P4D_SIZE, -P4D_SIZE, P4D_SIZE);
	link(test, template, -P4D_SIZE, -PUD_SIZE, PUD_SIZE);
	link(test, template, -PUD_SIZE, -PMD_SIZE, PMD_SIZE);
	KUNIT_ASSERT_EQ(test, 0, pg_table_map(template, ADDR, __pa(p), PAGE_SIZE,
					      PAGE_KERNEL));
	return template;
}

static struct pg_table *new_view(struct kunit *test, struct mm_struct *mm, u64 value)
{
	struct pg_table *template = new_kernel_template(test, new_page(test, value));
	struct pg_table *view = pg_table_create_view(test->name, mm, template);

	KUNIT_ASSERT_FALSE(test, IS_ERR(view));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_context, view));
	return view;
}

static unsigned long map_user(struct kunit *test, unsigned long addr)
{
	unsigned long at = vm_mmap(NULL, addr, PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_ANONYMOUS | MAP_PRIVATE | (addr ? MAP_FIXED : 0), 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	KUNIT_ASSERT_EQ(test, 0, put_user(USER_VALUE, (u64 __user *)at));
	return at;
}

static u64 look(void)
{
	u64 value;

	return copy_from_kernel_nofault(&value, (void *)ADDR, sizeof(value)) ? 0 : value;
}

/* Read ADDR and a user address in the view; 0 if nothing is mapped there. */
static void look_in(struct pg_table *view, unsigned long user, u64 *kernel_value,
		    u64 *user_value)
{
	struct pg_table *process;
	unsigned long flags;

	local_irq_save(flags);
	pagefault_disable();
	process = pg_table_enter_view(view);
	*kernel_value = look();
	if (__get_user(*user_value, (u64 __user *)user))
		*user_value = 0;
	pg_table_leave_view(process);
	pagefault_enable();
	local_irq_restore(flags);
}

static void expect_in(struct kunit *test, struct pg_table *view, unsigned long user,
		      u64 kernel_value, u64 user_value)
{
	u64 has_kernel, has_user;

	look_in(view, user, &has_kernel, &has_user);
	KUNIT_EXPECT_EQ(test, has_kernel, kernel_value);
	KUNIT_EXPECT_EQ(test, has_user, user_value);
}

/* The user page table of PTI and two more. */
static void process_with_three_views(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	unsigned long user = map_user(test, 0);
	struct pg_table *a = new_view(test, mm, 2), *b = new_view(test, mm, 3);
	unsigned long cr3 = __read_cr3();
	unsigned int round;

	for (round = 0; round < 100; round++) {
		expect_in(test, a, user, 2, USER_VALUE);
		expect_in(test, b, user, 3, USER_VALUE);
		KUNIT_EXPECT_EQ(test, look(), 0);
	}
	KUNIT_EXPECT_EQ(test, __read_cr3(), cr3);

	KUNIT_EXPECT_EQ(test, 0, put_user(~USER_VALUE, (u64 __user *)user));
	expect_in(test, a, user, 2, ~USER_VALUE);
	KUNIT_EXPECT_EQ(test, 0, vm_munmap(user, PAGE_SIZE));
	expect_in(test, a, user, 2, 0);
	expect_in(test, b, user, 3, 0);
	kthread_unuse_mm(mm);
}

/* Compare the lower half; the user page table has its entries without NX. */
static void expect_mirrored(struct kunit *test, struct mm_struct *mm, struct pg_table *view)
{
	pgd_t *user_root = kernel_to_user_pgdp(mm->pgt.pgd);
	unsigned int i;

	for (i = 0; i < PGD_KERNEL_START; i++) {
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(view->pgd[i]), pgd_val(mm->pgt.pgd[i]),
				    "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(user_root[i]),
				    pgd_val(mm->pgt.pgd[i]) & ~_PAGE_NX, "entry %u", i);
	}
}

static void root_entries_are_mirrored(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *a = new_view(test, mm, 2), *b;
	unsigned long addr[8];
	unsigned int i;

	/* With 4 levels, each has a root entry of its own. */
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = map_user(test, (2 * i + 1) * 512 * GIB);
	b = new_view(test, mm, 3);
	expect_mirrored(test, mm, a);
	expect_mirrored(test, mm, b);
	for (i = 0; i < ARRAY_SIZE(addr); i += 2)
		KUNIT_EXPECT_EQ(test, 0, vm_munmap(addr[i], PAGE_SIZE));
	expect_mirrored(test, mm, a);
	expect_mirrored(test, mm, b);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		expect_in(test, b, addr[i], 3, i % 2 ? USER_VALUE : 0);
	kthread_unuse_mm(mm);
}

/* Create a process with a view, both with PCIDs; use it until kthread_unuse_mm(). */
static struct pg_table *use_new_view(struct kunit *test)
{
	if (!boot_cpu_has(X86_FEATURE_PCID))
		kunit_skip(test, "needs PCID");
	return new_view(test, use_new_mm(test), 2);
}

/* The PCID of the process's table; its views have the next three. */
static unsigned int process_pcid(void)
{
	return (this_cpu_read(cpu_tlbstate.loaded_asid) + 1) * 4;
}

/* The flush bits of the loaded ASID, one for each view; bit 0 is the process's table. */
static unsigned int flush_bits(void)
{
	return this_cpu_read(cpu_tlbstate.kern_pcid_flush_mask) >> process_pcid() & 0xf;
}

/* That of its user PCID. */
static bool user_flush_bit(void)
{
	return this_cpu_read(cpu_tlbstate.user_pcid_flush_mask) >> process_pcid() & 1;
}

/* As SWITCH_TO_USER_CR3 does. */
static void clear_user_flush_bit(void)
{
	this_cpu_and(cpu_tlbstate.user_pcid_flush_mask, ~(1U << process_pcid()));
}

/* While a view is loaded, a flush does not reach the PCID of the process's table. */
static void flush_in_view_reaches_process(struct kunit *test)
{
	unsigned int before, by_page, after, by_all, outside;
	struct pg_table *process, *view;
	u64 value;

	view = use_new_view(test);

	local_irq_disable();
	look_in(view, 0, &value, &value);
	before = flush_bits();
	process = pg_table_enter_view(view);
	flush_tlb_one_kernel(ADDR);
	by_page = flush_bits();
	pg_table_leave_view(process);
	after = flush_bits();
	process = pg_table_enter_view(view);
	flush_tlb_local();
	by_all = flush_bits();
	pg_table_leave_view(process);
	flush_tlb_one_kernel(ADDR);
	outside = flush_bits();
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	/* The process has no views 2 and 3. */
	KUNIT_EXPECT_EQ(test, before & 3, 0);
	KUNIT_EXPECT_EQ(test, by_page & 3, 1);
	KUNIT_EXPECT_EQ(test, after & 3, 0);
	KUNIT_EXPECT_EQ(test, by_all & 3, 1);
	KUNIT_EXPECT_EQ(test, outside & 3, 2);
}

/* The return to user mode clears the bit of the user PCID and no other. */
static void flush_marks_user_and_kernel_apart(struct kunit *test)
{
	struct pg_table *view;
	bool user_page, user_all;
	unsigned int bits;
	u64 value;

	view = use_new_view(test);

	local_irq_disable();
	look_in(view, 0, &value, &value);
	clear_user_flush_bit();
	flush_tlb_one_kernel(ADDR);
	user_page = user_flush_bit();
	flush_tlb_local();
	user_all = user_flush_bit();
	clear_user_flush_bit();
	bits = flush_bits();
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	/* With INVPCID, the page has been flushed there already. */
	KUNIT_EXPECT_EQ(test, user_page, !boot_cpu_has(X86_FEATURE_INVPCID));
	KUNIT_EXPECT_TRUE(test, user_all);
	KUNIT_EXPECT_EQ(test, bits & 3, 2);
}

/* The PCID that the loaded table has, relative to that of the process's table. */
static unsigned int loaded_variant(void)
{
	return (__read_cr3() & X86_CR3_PCID_MASK) - process_pcid();
}

static void each_view_has_a_pcid(struct kunit *test)
{
	struct pg_table *process, *view[2];
	unsigned int nr, in_view, outside;
	struct mm_struct *mm;

	if (!boot_cpu_has(X86_FEATURE_PCID))
		kunit_skip(test, "needs PCID");
	mm = use_new_mm(test);
	for (nr = 0; nr < 2; nr++)
		view[nr] = new_view(test, mm, 2);
	for (nr = 0; nr < 2; nr++) {
		local_irq_disable();
		process = pg_table_enter_view(view[nr]);
		in_view = loaded_variant();
		pg_table_leave_view(process);
		outside = loaded_variant();
		local_irq_enable();
		KUNIT_EXPECT_EQ(test, in_view, nr + 1);
		KUNIT_EXPECT_EQ(test, outside, 0);
	}
	kthread_unuse_mm(mm);
}

/* An ASID may have been another process's, or its translations are out of date. */
static void loading_a_process_marks_its_views(struct kunit *test)
{
	struct pg_table *prev, *view, *context;
	unsigned int before, after;
	u64 value;

	view = use_new_view(test);
	context = new_context(test);

	local_irq_disable();
	look_in(view, 0, &value, &value);
	before = flush_bits();
	prev = pg_table_enter(context);
	pg_table_expire(&current->mm->pgt);
	pg_table_leave(prev);
	after = flush_bits();
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	KUNIT_EXPECT_EQ(test, before & 2, 0);
	KUNIT_EXPECT_EQ(test, after & 2, 2);
}

/* CPU bring-up and resume begin with one ASID. */
static void reset_of_asids_marks_views(struct kunit *test)
{
	struct pg_table *view = use_new_view(test);
	unsigned int before, after;
	u64 value;

	local_irq_disable();
	initialize_tlbstate_and_flush();
	look_in(view, 0, &value, &value);
	before = flush_bits();
	initialize_tlbstate_and_flush();
	after = flush_bits();
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	KUNIT_EXPECT_EQ(test, before & 2, 0);
	KUNIT_EXPECT_EQ(test, after & 2, 2);
}

/* Enter @context, and return whether that flushed its PCID. */
static bool enter_flushes(struct pg_table *context)
{
	struct pg_table *prev = pg_table_enter(context);
	bool flushed = flush_bits() & 0xe;

	/* Loading with a flush sets these, and nothing clears them without a view. */
	this_cpu_and(cpu_tlbstate.kern_pcid_flush_mask, ~(0xeU << process_pcid()));
	pg_table_leave(prev);
	return flushed;
}

/* With PTI, kernel mappings are not global: each ASID has its own translations. */
static void kernel_flush_reaches_other_asids(struct kunit *test)
{
	bool first, warm, by_page;
	struct pg_table *context;

	/* The view enables the marks. */
	use_new_view(test);
	context = new_context(test);

	local_irq_disable();
	first = enter_flushes(context);
	warm = enter_flushes(context);
	flush_tlb_one_kernel(ADDR);
	by_page = enter_flushes(context);
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	KUNIT_EXPECT_TRUE(test, first);
	KUNIT_EXPECT_FALSE(test, warm);
	KUNIT_EXPECT_TRUE(test, by_page);
}

/* Another view may get the number. */
static void destroyed_view_is_marked(struct kunit *test)
{
	struct pg_table *template, *view;
	unsigned int before, after;
	struct mm_struct *mm;
	u64 value;

	if (!boot_cpu_has(X86_FEATURE_PCID))
		kunit_skip(test, "needs PCID");
	mm = use_new_mm(test);
	template = new_kernel_template(test, new_page(test, 2));
	view = pg_table_create_view(test->name, mm, template);
	KUNIT_ASSERT_FALSE(test, IS_ERR(view));

	migrate_disable();
	local_irq_disable();
	look_in(view, 0, &value, &value);
	before = flush_bits();
	local_irq_enable();
	pg_table_put(view);
	after = flush_bits();
	migrate_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_EQ(test, before & 2, 0);
	KUNIT_EXPECT_EQ(test, after & 2, 2);
}

#ifdef CONFIG_KPROBES
/* A probe of an instruction that writes CR3, and where pt_regs holds what it writes. */
struct cr3_probe {
	struct kprobe kp;
	int reg;
};

static struct cr3_probe cr3_probes[4];
static unsigned long written[ARRAY_SIZE(cr3_probes)];
static unsigned int nr_written;

/* Like an NMI: interrupts are off, and what the CPU is in the middle of waits. */
static int before_cr3_write(struct kprobe *kp, struct pt_regs *regs)
{
	struct cr3_probe *probe = container_of(kp, struct cr3_probe, kp);

	if (nr_written < ARRAY_SIZE(written))
		written[nr_written] = *(unsigned long *)((void *)regs + probe->reg);
	if (!nr_written++)
		flush_tlb_one_kernel(ADDR);
	return 0;
}

static void unprobe(void *kp)
{
	unregister_kprobe(kp);
}

static void probe_cr3_writes(struct kunit *test, unsigned long addr)
{
	unsigned long size, offset, end;
	unsigned int nr = 0;
	struct insn insn;

	KUNIT_ASSERT_TRUE(test, kallsyms_lookup_size_offset(addr, &size, &offset));
	for (end = addr + size; addr < end; addr += insn.length) {
		KUNIT_ASSERT_EQ(test, 0, insn_decode_kernel(&insn, (void *)addr));
		if (insn.opcode.bytes[0] != 0x0f || insn.opcode.bytes[1] != 0x22 ||
		    X86_MODRM_REG(insn.modrm.value) != 3)
			continue;
		KUNIT_ASSERT_LT(test, nr, ARRAY_SIZE(cr3_probes));
		cr3_probes[nr] = (struct cr3_probe) {
			.kp = { .addr = (void *)addr, .pre_handler = before_cr3_write },
			.reg = insn_get_modrm_rm_off(&insn, task_pt_regs(current)),
		};
		KUNIT_ASSERT_EQ(test, 0, register_kprobe(&cr3_probes[nr].kp));
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unprobe,
								   &cr3_probes[nr].kp));
		nr++;
	}
	KUNIT_ASSERT_GT(test, nr, 0);
}

/* An NMI may ask for a flush after the bits were tested, and before CR3 is written. */
static void flush_while_switching(struct kunit *test, unsigned long probed, unsigned int bit)
{
	unsigned int before, after;
	struct pg_table *view, *process;
	u64 value;

	view = use_new_view(test);
	probe_cr3_writes(test, probed);
	look_in(view, 0, &value, &value);

	local_irq_disable();
	before = flush_bits();
	nr_written = 0;
	process = pg_table_enter_view(view);
	pg_table_leave_view(process);
	after = flush_bits();
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	KUNIT_EXPECT_EQ(test, before & bit, 0);
	KUNIT_EXPECT_EQ(test, after & bit, 0);
	KUNIT_EXPECT_EQ(test, nr_written, 2);
	KUNIT_EXPECT_EQ(test, written[0] & CR3_NOFLUSH, CR3_NOFLUSH);
	KUNIT_EXPECT_EQ(test, written[1] & CR3_NOFLUSH, 0);
}

static void flush_while_entering_is_not_lost(struct kunit *test)
{
	flush_while_switching(test, (unsigned long)pg_table_enter_view, 2);
}

static void flush_while_leaving_is_not_lost(struct kunit *test)
{
	flush_while_switching(test, (unsigned long)pg_table_leave_view, 1);
}

/* Loading a view writes CR3 once, with a flush if the view is marked. */
static void marked_view_is_flushed_once(struct kunit *test)
{
	struct pg_table *view;
	u64 value;

	view = use_new_view(test);
	probe_cr3_writes(test, (unsigned long)pg_table_enter_view);

	local_irq_disable();
	look_in(view, 0, &value, &value);
	flush_tlb_local();
	/* The handler flushes only when it is the first one. */
	nr_written = 1;
	look_in(view, 0, &value, &value);
	look_in(view, 0, &value, &value);
	local_irq_enable();
	kthread_unuse_mm(current->mm);

	KUNIT_EXPECT_EQ(test, nr_written, 3);
	KUNIT_EXPECT_EQ(test, written[1] & CR3_NOFLUSH, 0);
	KUNIT_EXPECT_EQ(test, written[2] & CR3_NOFLUSH, CR3_NOFLUSH);
}
#else
static void flush_while_entering_is_not_lost(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KPROBES");
}

static void flush_while_leaving_is_not_lost(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KPROBES");
}

static void marked_view_is_flushed_once(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KPROBES");
}
#endif

/* The lower half changes under the locks of the process; its PTE pages are freed by RCU. */
static void view_is_walked_with_its_mm(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *view = new_view(test, mm, 2);

	KUNIT_EXPECT_PTR_EQ(test, pg_table_walk_mm(view), mm);
	KUNIT_EXPECT_PTR_EQ(test, pg_table_walk_mm(pg_view(view)->template), &init_mm);
	KUNIT_EXPECT_PTR_EQ(test, pg_table_walk_mm(new_context(test)), &init_mm);
	kthread_unuse_mm(mm);
}

#if defined(CONFIG_PTDUMP_CORE) || defined(CONFIG_PTDUMP)
struct dump {
	struct pg_table *pgt;
	struct seq_file m;
	struct completion done;
};

static int dump_table(void *arg)
{
	struct dump *d = arg;

	ptdump_walk_pg_table(&d->m, d->pgt);
	complete(&d->done);
	return 0;
}

/* Without the lock, the table pages of the user half may be freed while it walks them. */
static void dump_waits_for_the_mm(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct dump d = { .pgt = new_view(test, mm, 2) };
	bool contended = false, done = false;
	struct task_struct *task;

	d.m.size = SZ_64K;
	d.m.buf = kunit_kmalloc(test, d.m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d.m.buf);
	init_completion(&d.done);
	mmap_write_lock(mm);
	task = kthread_run(dump_table, &d, "pg_table_dump");
	while (!IS_ERR(task) && !contended && !done) {
		contended = mmap_lock_is_contended(mm);
		done = completion_done(&d.done);
		usleep_range(1000, 2000);
	}
	mmap_write_unlock(mm);
	if (!IS_ERR(task))
		wait_for_completion(&d.done);
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_TRUE(test, contended);
	KUNIT_EXPECT_FALSE(test, done);
}
#else
static void dump_waits_for_the_mm(struct kunit *test)
{
	kunit_skip(test, "needs a dump of page tables");
}
#endif

static void flushes_reach_all_views(struct kunit *test)
{
	struct mm_struct *mm;
	struct pg_table *a, *b;
	unsigned long user;
	unsigned int before, page_bits, all_bits, after;
	u64 value;

	if (!boot_cpu_has(X86_FEATURE_PCID))
		kunit_skip(test, "needs PCID");
	mm = use_new_mm(test);
	user = map_user(test, 0);
	a = new_view(test, mm, 2);
	b = new_view(test, mm, 3);

	preempt_disable();
	/* The IPI of another CPU's flush would mark them. */
	local_irq_disable();
	look_in(a, user, &value, &value);
	look_in(b, user, &value, &value);
	before = flush_bits();
	local_irq_enable();
	flush_tlb_mm_range(mm, user, user + PAGE_SIZE, PAGE_SHIFT, false);
	page_bits = flush_bits();
	look_in(a, user, &value, &value);
	look_in(b, user, &value, &value);
	flush_tlb_mm(mm);
	all_bits = flush_bits();
	local_irq_disable();
	look_in(b, user, &value, &value);
	after = flush_bits();
	local_irq_enable();
	preempt_enable();
	kthread_unuse_mm(mm);

	KUNIT_EXPECT_EQ(test, before & 6, 0);
	KUNIT_EXPECT_EQ(test, page_bits & 6, 6);
	KUNIT_EXPECT_EQ(test, all_bits, 0xe);
	KUNIT_EXPECT_EQ(test, after & 6, 2);
}

static void views_are_limited(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *template = new_kernel_template(test, new_page(test, 2));
	struct pg_table *view[PG_TABLE_MAX_VIEWS], *more;
	unsigned int i;

	/* An earlier use of the page may have left anything. */
	virt_to_ptdesc(mm->pgt.pgd)->pt_views.first = ERR_PTR(-EBADE);
	for (i = 0; i < PG_TABLE_MAX_VIEWS; i++) {
		view[i] = pg_table_create_view(test->name, mm, template);
		KUNIT_ASSERT_FALSE(test, IS_ERR(view[i]));
		KUNIT_EXPECT_EQ(test, pg_view(view[i])->nr, i + 1);
	}
	more = pg_table_create_view(test->name, mm, template);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(more), -EBUSY);

	/* The number is reused, and the new view has the current mappings. */
	pg_table_put(view[1]);
	view[1] = pg_table_create_view(test->name, mm, template);
	KUNIT_ASSERT_FALSE(test, IS_ERR(view[1]));
	KUNIT_EXPECT_EQ(test, pg_view(view[1])->nr, 2);
	expect_in(test, view[1], map_user(test, 0), 2, USER_VALUE);

	for (i = 0; i < PG_TABLE_MAX_VIEWS; i++)
		pg_table_put(view[i]);
	KUNIT_EXPECT_EQ(test, mm->pgt.nr_views, 0);
	kthread_unuse_mm(mm);
}

#ifdef CONFIG_FAULT_INJECTION
static int create_and_put_view(struct pg_table *template)
{
	struct pg_table *view = pg_table_create_view("fail", current->mm, template);

	if (IS_ERR_OR_NULL(view))
		return PTR_ERR(view);
	pg_table_put(view);
	return 0;
}

static void nothing_to_undo(struct pg_table *template)
{
}

static void failed_creation_leaves_nothing(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *template = new_kernel_template(test, new_page(test, 2));
	int failed, count = atomic_read(&mm->mm_count);

	failed = fail_each(test, create_and_put_view, nothing_to_undo, template);
	KUNIT_EXPECT_EQ(test, mm->pgt.nr_views, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_count), count);
	kthread_unuse_mm(mm);

	kunit_info(test, "%d allocations failed, one at a time", failed);
	/* Until init writes to debugfs, allocations that may sleep succeed. */
	if (failed)
		KUNIT_EXPECT_GE(test, failed, 2);
}
#else
static void failed_creation_leaves_nothing(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAULT_INJECTION");
}
#endif

static void view_cannot_be_changed(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *view = new_view(test, mm, 2);

	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_map(view, PAGE_SIZE, PHYS, PAGE_SIZE,
						    PAGE_KERNEL));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_unmap(view, ADDR, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EINVAL, pg_table_link(view, &init_mm.pgt, ADDR, P4D_SIZE,
						     P4D_SIZE));
	KUNIT_EXPECT_EQ(test, pgtables_bytes(view), 0);
	kthread_unuse_mm(mm);
}

/* A process may exit before its view is destroyed. */
static void view_outlives_its_process(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();
	struct pg_table *view;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(mm);
	view = new_view(test, mm, 2);
	map_user(test, 0);
	kthread_unuse_mm(mm);
	mmput(mm);
	for (i = 0; i < PGD_KERNEL_START; i++)
		KUNIT_EXPECT_EQ_MSG(test, pgd_val(view->pgd[i]), 0, "entry %u", i);
}

/*
 * Where user mode may execute, the kernel may not: with its table left loaded by
 * mistake, user mode faults.
 */
static void user_half_is_not_executable_in_kernel(struct kunit *test)
{
	struct mm_struct *mm = use_new_mm(test);
	struct pg_table *view = new_view(test, mm, 1);
	unsigned long at = map_user(test, 0);
	pgd_t *kernel = pgd_offset(mm, at), *user = kernel_to_user_pgdp(kernel);
	pgdval_t nx = __supported_pte_mask & _PAGE_NX;

	KUNIT_EXPECT_EQ(test, pgd_val(*kernel) & _PAGE_NX, nx);
	KUNIT_EXPECT_EQ(test, pgd_val(*user) & _PAGE_NX, 0);
	KUNIT_EXPECT_EQ(test, pgd_val(*kernel) & ~_PAGE_NX, pgd_val(*user));
	KUNIT_EXPECT_EQ(test, pgd_val(view->pgd[pgd_index(at)]), pgd_val(*kernel));
	kthread_unuse_mm(mm);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(process_with_three_views),
	KUNIT_CASE(root_entries_are_mirrored),
	KUNIT_CASE(flushes_reach_all_views),
	KUNIT_CASE(flush_in_view_reaches_process),
	KUNIT_CASE(flush_marks_user_and_kernel_apart),
	KUNIT_CASE(each_view_has_a_pcid),
	KUNIT_CASE(loading_a_process_marks_its_views),
	KUNIT_CASE(reset_of_asids_marks_views),
	KUNIT_CASE(kernel_flush_reaches_other_asids),
	KUNIT_CASE(destroyed_view_is_marked),
	KUNIT_CASE(flush_while_entering_is_not_lost),
	KUNIT_CASE(flush_while_leaving_is_not_lost),
	KUNIT_CASE(marked_view_is_flushed_once),
	KUNIT_CASE(view_is_walked_with_its_mm),
	KUNIT_CASE(dump_waits_for_the_mm),
	KUNIT_CASE(views_are_limited),
	KUNIT_CASE(user_half_is_not_executable_in_kernel),
	KUNIT_CASE(failed_creation_leaves_nothing),
	KUNIT_CASE(view_cannot_be_changed),
	KUNIT_CASE(view_outlives_its_process),
	{}
};

static struct kunit_suite suite = {
	.name = "pg_table_view",
	.init = skip_without_pti,
	.test_cases = cases,
};

kunit_test_suite(suite);
