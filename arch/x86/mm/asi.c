// SPDX-License-Identifier: GPL-2.0
/*
 * Address space isolation: processes run on a page table that does not map the
 * memory of others.
 *
 * What is left out is ZONE_MOVABLE: anonymous memory, the page cache of files and
 * shmem are there, and allocations of the kernel are not. So the kernel rarely
 * needs it, and the restricted tables need no update when pages change hands. The
 * pages of the zone are called a hole, also where they are not contiguous.
 *
 * The template maps the kernel half without holes. Its root is the page after that of
 * init_mm, and is copied to the page after the root of each process.
 */
#define pr_fmt(fmt) "asi: " fmt

#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pg_table_context.h>
#include <linux/pg_table_view.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/set_memory.h>

#include <asm/asi.h>
#include <asm/asi_window.h>
#include <asm/hypervisor.h>
#include <asm/nospec-branch.h>
#include <asm/sections.h>
#include <asm/tlbflush.h>
#include <asm/trap_pf.h>

#include <linux/pg_table_internal.h>
#include "mm_internal.h"

DEFINE_STATIC_KEY_FALSE(asi_key);
/* kmap_local_page() in modules. */
EXPORT_SYMBOL_GPL(asi_key);

/* Whether leaving needs a barrier against what user mode trained. */
static DEFINE_STATIC_KEY_FALSE(asi_barriers);
/* Whether what was read outside has to be flushed from buffers of the CPU. */
static DEFINE_STATIC_KEY_FALSE(asi_flushes);

static bool wanted __ro_after_init;
static bool always_barriers __ro_after_init;
static struct pg_table *template __ro_after_init;

static const char * const entry_names[] = {
	[ASI_ENTER_USER] = "user", [ASI_ENTER_KUNMAP] = "kunmap", [ASI_ENTER_NMI] = "nmi",
	[ASI_ENTER_SWITCH] = "switch",
};

static const char * const exit_names[] = {
	[ASI_EXIT_KMAP] = "kmap", [ASI_EXIT_FAULT] = "fault", [ASI_EXIT_MISSED] = "missed",
	[ASI_EXIT_SWITCH] = "switch", [ASI_EXIT_SUSPEND] = "suspend",
};

static const char * const no_window_names[] = {
	[ASI_NO_WINDOW_SPAN] = "span", [ASI_NO_WINDOW_INTERRUPT] = "interrupt",
	[ASI_NO_WINDOW_KTHREAD] = "kthread", [ASI_NO_WINDOW_RECLAIM] = "reclaim",
	[ASI_NO_WINDOW_OTHER] = "other", [ASI_NO_WINDOW_TABLES] = "tables",
	[ASI_NO_WINDOW_SLOTS] = "slots",
};

DEFINE_PER_CPU(struct asi_counts, asi_counts);

/* The callers and instructions that leave, by a hash of the address. */
#define ASI_CAUSE_BITS	10

struct asi_cause {
	unsigned long ip;
	atomic_long_t count;
	enum asi_exit by;
};

static struct asi_cause causes[1 << ASI_CAUSE_BITS];

bool asi_wanted(void)
{
	return wanted;
}

struct asi_mode {
	const char *name;
	bool wanted;
	bool opt_in;
	bool barriers;
};

static const struct asi_mode modes[] __initconst = {
	{ "off" },
	{ "user", .wanted = true },
	{ "user,barriers", .wanted = true, .barriers = true },
	{ "prctl", .wanted = true, .opt_in = true },
	{ "prctl,barriers", .wanted = true, .opt_in = true, .barriers = true },
};

static int __init asi_parse(char *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (arg && !strcmp(arg, modes[i].name))
			break;
	if (i == ARRAY_SIZE(modes)) {
		pr_err("unknown value of asi=, which is off, user or prctl; isolation is off\n");
		i = 0;
	}
	wanted = modes[i].wanted;
	asi_is_opt_in = modes[i].opt_in;
	always_barriers = modes[i].barriers;
	return 0;
}
early_param("asi", asi_parse);

/* The lower half is that of the process. Only roots of processes have a second page. */
void asi_set_restricted(pgd_t *pgdp, pgd_t pgd)
{
	struct pg_table *pgt;

	if (!pgdp_maps_userspace(pgdp) || pgd.pgd & _PAGE_NOPTISHADOW)
		return;
	pgt = virt_to_ptdesc(pgdp)->pt_owner;
	if (pgt && !pg_table_is_standalone(pgt))
		WRITE_ONCE(kernel_to_user_pgdp(pgdp)->pgd, pgd.pgd);
}

static bool is_movable(unsigned long pfn)
{
	return pfn_valid(pfn) && is_zone_movable_page(pfn_to_page(pfn));
}

/*
 * What was allocated at boot stays mapped. The initrd does not: its pages are freed.
 * The loader chose where it is.
 */
static bool is_hole(unsigned long pfn)
{
	unsigned long addr = (unsigned long)pfn_to_kaddr(pfn);

	return is_movable(pfn) && (!PageReserved(pfn_to_page(pfn)) ||
				   (IS_ENABLED(CONFIG_BLK_DEV_INITRD) &&
				    addr >= initrd_start && addr < initrd_end));
}

static bool in_hole(unsigned long addr)
{
	return virt_addr_valid((void *)addr) && is_zone_movable_page(virt_to_page((void *)addr));
}

static void note_cause(enum asi_exit by, unsigned long ip)
{
	unsigned int i = hash_long(ip, ASI_CAUSE_BITS), tries;
	unsigned long old;

	for (tries = 0; tries < 16; tries++, i = (i + 1) % ARRAY_SIZE(causes)) {
		old = cmpxchg(&causes[i].ip, 0, ip);
		if (old && old != ip)
			continue;
		causes[i].by = by;
		atomic_long_inc(&causes[i].count);
		return;
	}
}

/*
 * The barrier comes before CR3 changes: user mode may have trained the branch
 * predictors, and the write of CR3 maps the memory that it wants to read.
 */
void asi_leaving(enum asi_exit why, unsigned long ip)
{
	if (static_branch_unlikely(&asi_barriers)) {
		indirect_branch_prediction_barrier();
		this_cpu_inc(asi_counts.barriers[why]);
	}
	this_cpu_inc(asi_counts.exits[why]);
	note_cause(why, ip);
}

void asi_leave(enum asi_exit why, unsigned long ip)
{
	if (!asi_is_restricted())
		return;
	asi_leaving(why, ip);
	asi_load_process();
}

/* The flush comes after CR3 has changed, so that nothing is read into the buffers again. */
void noinstr asi_entered(enum asi_entry why)
{
	raw_cpu_inc(asi_counts.entries[why]);
	if (!static_branch_unlikely(&asi_flushes))
		return;
	if (static_cpu_has_bug(X86_BUG_L1TF) && static_cpu_has(X86_FEATURE_FLUSH_L1D))
		native_wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
	if (static_cpu_has(X86_FEATURE_MD_CLEAR))
		x86_clear_cpu_buffers();
	raw_cpu_inc(asi_counts.flushes[why]);
}

/* A fault where the table of the process maps nothing either is handled as without isolation. */
bool asi_fault(struct pt_regs *regs, unsigned long error_code, unsigned long addr)
{
	unsigned int level;
	pte_t *pte;

	if (!asi_is_restricted() ||
	    error_code & (X86_PF_PROT | X86_PF_USER | X86_PF_RSVD | X86_PF_INSTR | X86_PF_PK))
		return false;
	pte = lookup_address(addr, &level);
	if (!pte || !pte_present(*pte))
		return false;

	asi_leave(in_hole(addr) ? ASI_EXIT_FAULT : ASI_EXIT_MISSED, regs->ip);
	return true;
}

void asi_follow(unsigned long addr, unsigned int level, pte_t entry)
{
	unsigned long size;
	pte_t *copy = pg_table_lookup_own(template, addr, &size);

	/* In a hole there is none. */
	if (copy && size == page_level_size(level) && !pte_none(*copy))
		set_pte_atomic(copy, entry);
}

static bool in_direct_map(unsigned long addr)
{
	return pgd_index(addr) >= pgd_index(PAGE_OFFSET) &&
	       pgd_index(addr) < pgd_index(VMALLOC_START);
}

void asi_sync_roots(unsigned long start, unsigned long last)
{
	unsigned long addr = start;
	struct page *page;
	unsigned int i;

	do {
		i = pgd_index(addr);
		spin_lock(&pgd_lock);
		if (!in_direct_map(addr))
			WRITE_ONCE(template->pgd[i], READ_ONCE(init_mm.pgt.pgd[i]));
		list_for_each_entry(page, &pgd_list, lru)
			/* That of the image does not change, and says who is isolated. */
			if (i != ASI_IMAGE_INDEX && !pg_table_is_standalone(pgd_page_owner(page)))
				WRITE_ONCE(kernel_to_user_pgdp((pgd_t *)page_address(page))[i],
					   template->pgd[i]);
		spin_unlock(&pgd_lock);
		addr |= ~PGDIR_MASK;
	} while (addr++ < last);
}

bool asi_keeps(const void *start, const void *end)
{
	unsigned long pfn = page_to_pfn(virt_to_page(start));
	unsigned long last = page_to_pfn(virt_to_page(end - 1));

	/*
	 * Some of the image is freed before isolation is enabled. The direct map leaves
	 * that out, but the mapping of the image does not.
	 */
	if (!asi_enabled() && !(wanted && system_state < SYSTEM_FREEING_INITMEM))
		return false;
	for (; pfn <= last; pfn++) {
		if (!is_movable(pfn) || is_hole(pfn))
			continue;
		pr_info("%lu KiB in ZONE_MOVABLE are mapped and not freed\n",
			(unsigned long)(end - start) >> 10);
		return true;
	}
	return false;
}

static unsigned long count_up_to(unsigned long limit, unsigned long addr, unsigned long size,
				 bool (*test)(unsigned long pfn))
{
	unsigned long end = min(addr + size, (unsigned long)pfn_to_kaddr(max_pfn));
	unsigned long count = 0;

	/* With KASLR, the direct map begins within a root entry. */
	for (addr = max(addr, PAGE_OFFSET); addr < end && count < limit; addr += PAGE_SIZE)
		count += test(PFN_DOWN(__pa(addr)));
	return count;
}

static unsigned long count_pages(unsigned long addr, unsigned long size,
				 bool (*test)(unsigned long pfn))
{
	return count_up_to(ULONG_MAX, addr, size, test);
}

static bool any_page(unsigned long addr, unsigned long size, bool (*test)(unsigned long pfn))
{
	return count_up_to(1, addr, size, test);
}

static bool is_other(unsigned long pfn)
{
	return pfn_valid(pfn) && !is_hole(pfn);
}

/* A large entry has to be split before, because it is linked as a whole. */
static bool is_larger(unsigned long addr, unsigned long unit)
{
	unsigned long size;
	pte_t *entry = pg_table_lookup(&init_mm.pgt, addr, &size);

	return entry && pte_present(*entry) && size > unit;
}

static int __init link_around_holes(unsigned long addr, unsigned long size,
				    unsigned long unit)
{
	int err = 0;

	for (; size && !err; addr += unit, size -= unit) {
		if (!any_page(addr, unit, is_hole))
			err = pg_table_link(template, &init_mm.pgt, addr, unit, unit);
		else if (!any_page(addr, unit, is_other))
			continue;
		else if (is_larger(addr, unit / PTRS_PER_PTE))
			err = -EINVAL;
		else
			err = link_around_holes(addr, unit, unit / PTRS_PER_PTE);
	}
	return err;
}

/* @pages: Set to the number of their pages. */
static int __init change_holes(int (*change)(unsigned long addr, int numpages),
			       unsigned long *pages)
{
	unsigned long pfn, start;
	int err = 0;

	*pages = 0;
	for (pfn = 0; !err && pfn < max_pfn; pfn++) {
		for (start = pfn; pfn < max_pfn && is_hole(pfn); pfn++)
			;
		if (pfn > start)
			err = change((unsigned long)pfn_to_kaddr(start), pfn - start);
		*pages += pfn - start;
	}
	return err;
}

static int __init build_template(void)
{
	unsigned int i;
	int err = 0;

	/* pgd_ctor() copies this root to that of each process. */
	template = pg_table_create_template("asi user", kernel_to_user_pgdp(swapper_pg_dir));
	if (!template)
		return -ENOMEM;

	for (i = PTRS_PER_PGD / 2; !err && i < PTRS_PER_PGD; i++) {
		unsigned long addr = -(PTRS_PER_PGD - i) * PGDIR_SIZE;

		if (in_direct_map(addr))
			err = link_around_holes(addr, PGDIR_SIZE, P4D_SIZE);
		else
			template->pgd[i] = init_mm.pgt.pgd[i];
	}
	return err;
}

/* The image has a second mapping, which is linked as a whole. */
static unsigned long exposed_by_image(void)
{
	unsigned long addr = ALIGN_DOWN((unsigned long)_text, PMD_SIZE);
	unsigned long size, count = 0;
	pte_t *entry;

	for (; addr < ALIGN((unsigned long)_end, PMD_SIZE); addr += PAGE_SIZE) {
		entry = pg_table_lookup(template, addr, &size);
		if (entry && pte_present(*entry))
			count += is_hole(PFN_DOWN(__pa(addr)));
	}
	return count;
}

void asi_check_scope(struct asi_scope *scope)
{
	unsigned long addr = PAGE_OFFSET, end = (unsigned long)pfn_to_kaddr(max_pfn);
	const pteval_t used = _PAGE_ACCESSED | _PAGE_DIRTY;
	unsigned long size, ref_size;
	pte_t *entry, *ref;

	memset(scope, 0, sizeof(*scope));
	for (; addr < end; addr = ALIGN_DOWN(addr, size) + size) {
		size = PGDIR_SIZE;
		ref_size = size;
		entry = pg_table_lookup(template, addr, &size);
		ref = pg_table_lookup(&init_mm.pgt, addr, &ref_size);
		if (entry && pte_present(*entry)) {
			scope->exposed += count_pages(addr, size, is_hole);
			scope->stale += !ref || size != ref_size ||
					(pte_val(*entry) ^ pte_val(*ref)) & ~used;
			continue;
		}
		size = min(size, ref_size);
		if (ref && pte_present(*ref))
			scope->missing += (size >> PAGE_SHIFT) -
					  count_pages(addr, size, is_movable);
	}
	scope->exposed += exposed_by_image();
}

static bool warn_of_scope(void)
{
	struct asi_scope scope;

	asi_check_scope(&scope);
	pr_info("%lu pages of ZONE_MOVABLE are mapped, %lu others are not, %lu entries differ\n",
		scope.exposed, scope.missing, scope.stale);
	return scope.exposed || scope.missing || scope.stale;
}

/*
 * Memory of the zone has to be in a hole, and the template keeps what it maps, since
 * its entries point to table pages that are freed with the memory.
 */
static int asi_memory_notify(struct notifier_block *nb, unsigned long action, void *arg)
{
	struct memory_notify *m = arg;
	unsigned long addr = (unsigned long)pfn_to_kaddr(m->start_pfn), end, size;
	bool movable = is_movable(m->start_pfn);
	pte_t *entry;
	int err = 0;

	if (action != MEM_GOING_ONLINE && action != MEM_GOING_OFFLINE)
		return NOTIFY_OK;
	for (end = addr + (m->nr_pages << PAGE_SHIFT); addr < end && !err; addr += PMD_SIZE) {
		entry = pg_table_lookup(template, addr, &size);
		if (entry && pte_present(*entry))
			err = movable || action == MEM_GOING_OFFLINE ? -EBUSY : 0;
		else if (action == MEM_GOING_ONLINE && movable)
			err = set_memory_nonglobal(addr, PTRS_PER_PTE);
		else if (action == MEM_GOING_ONLINE)
			err = pg_table_link(template, &init_mm.pgt, addr, PMD_SIZE, PMD_SIZE);
	}
	if (err)
		pr_err("memory at pfn %lx cannot go %s (%d)\n", m->start_pfn,
		       action == MEM_GOING_ONLINE ? "online" : "offline", err);
	else if (action == MEM_GOING_ONLINE && !movable)
		asi_sync_roots((unsigned long)pfn_to_kaddr(m->start_pfn), end - 1);
	return notifier_from_errno(err);
}

/* Lowest priority, so it runs last: its changes are not undone if another one refuses. */
static struct notifier_block asi_memory_nb = {
	.notifier_call	= asi_memory_notify,
	.priority	= INT_MIN,
};

static int __init asi_init(void)
{
	unsigned long pages;
	int err;

	if (!wanted)
		return 0;
	if (boot_cpu_has(X86_FEATURE_PTI)) {
		pr_err("not together with PTI yet; isolation is off\n");
		return 0;
	}
	/* Their hypercalls name the table whose translations are flushed. */
	if (hypervisor_is_type(X86_HYPER_XEN_PV) || hypervisor_is_type(X86_HYPER_MS_HYPERV)) {
		pr_err("not as a guest of Xen PV or Hyper-V; isolation is off\n");
		return 0;
	}
	if (!in_direct_map((unsigned long)pfn_to_kaddr(max_pfn - 1))) {
		pr_err("the direct map and vmalloc share a root entry; isolation is off\n");
		return 0;
	}
	/* Global translations would survive the write of CR3. */
	err = change_holes(set_memory_nonglobal, &pages);
	if (!err && !pages) {
		pr_err("no ZONE_MOVABLE, set movablecore=; isolation is off\n");
		return 0;
	}
	err = err ?: build_template();
	if (err) {
		/* What the template has stays. No root gets a copy of it. */
		change_holes(set_memory_global, &pages);
		pr_err("no template (%d); isolation is off\n", err);
		return 0;
	}
	flush_tlb_all();
	static_branch_enable(&pg_table_views);
	if (boot_cpu_has(X86_FEATURE_USE_IBPB) || always_barriers)
		static_branch_enable(&asi_barriers);
	if (boot_cpu_has_bug(X86_BUG_L1TF) || boot_cpu_has_bug(X86_BUG_MDS) ||
	    boot_cpu_has_bug(X86_BUG_TAA) || boot_cpu_has_bug(X86_BUG_MMIO_STALE_DATA) ||
	    boot_cpu_has_bug(X86_BUG_RFDS) || always_barriers)
		static_branch_enable(&asi_flushes);
	static_branch_enable(&asi_key);
	register_memory_notifier(&asi_memory_nb);
	pr_info("%s without %lu MiB of ZONE_MOVABLE, %lu pages of it stay mapped\n",
		asi_is_opt_in ? "processes that ask for it run" : "user mode runs",
		pages >> (20 - PAGE_SHIFT),
		count_pages(PAGE_OFFSET, PFN_PHYS(max_pfn), is_movable) - pages);
	if (IS_ENABLED(CONFIG_DEBUG_PG_TABLE))
		WARN_ON(warn_of_scope());
	return 0;
}

/* After memory of EFI's boot services was freed, and before there are user processes. */
subsys_initcall(asi_init);

static int stats_show(struct seq_file *m, void *v)
{
	unsigned int cpu, i;

	seq_puts(m, "cpu\tdirection\tcause\tcount\tbarriers\n");
	for_each_possible_cpu(cpu) {
		struct asi_counts *c = per_cpu_ptr(&asi_counts, cpu);

		for (i = 0; i < NR_ASI_ENTRIES; i++)
			seq_printf(m, "%u\tenter\t%s\t%lu\t%lu\n", cpu, entry_names[i],
				   READ_ONCE(c->entries[i]), READ_ONCE(c->flushes[i]));
		for (i = 0; i < NR_ASI_EXITS; i++)
			seq_printf(m, "%u\texit\t%s\t%lu\t%lu\n", cpu, exit_names[i],
				   READ_ONCE(c->exits[i]), READ_ONCE(c->barriers[i]));
		seq_printf(m, "%u\twindow\topened\t%lu\t0\n", cpu, READ_ONCE(c->windows));
		for (i = 0; i < NR_ASI_NO_WINDOW; i++)
			seq_printf(m, "%u\tno-window\t%s\t%lu\t0\n", cpu, no_window_names[i],
				   READ_ONCE(c->no_window[i]));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int causes_show(struct seq_file *m, void *v)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(causes); i++)
		if (atomic_long_read(&causes[i].count))
			seq_printf(m, "%ld\t%s\t%pS\n", atomic_long_read(&causes[i].count),
				   exit_names[causes[i].by], (void *)causes[i].ip);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(causes);

/* User pages for which the zone was full, or was not asked. */
static bool is_fallback(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && !is_zone_movable_page(page) && PageLRU(page);
}

static int scope_show(struct seq_file *m, void *v)
{
	struct asi_scope scope;

	if (!asi_enabled())
		return 0;
	asi_check_scope(&scope);
	seq_printf(m, "exposed\t%lu\nmissing\t%lu\nstale\t%lu\nfallback\t%lu\n",
		   scope.exposed, scope.missing, scope.stale,
		   count_pages(PAGE_OFFSET, PFN_PHYS(max_pfn), is_fallback));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scope);

static int __init asi_debugfs(void)
{
	struct dentry *dir = debugfs_create_dir("asi", NULL);

	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	debugfs_create_file("causes", 0400, dir, NULL, &causes_fops);
	debugfs_create_file("scope", 0400, dir, NULL, &scope_fops);
	return 0;
}
late_initcall(asi_debugfs);
