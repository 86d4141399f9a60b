// SPDX-License-Identifier: GPL-2.0
/*
 * Which page tables lead to a page that begins with a pattern? Reading "pattern" in
 * debugfs walks, as the CPU would, the restricted table of each process, and the
 * unrestricted one of the reader, to see that the pages can be found at all. A line each:
 *
 *	restricted	PID	COMM	PAGES	LAST
 *	unrestricted	PID	COMM	PAGES	LAST
 *
 * LAST is the address at which the last one is mapped, without the sign extension. A page
 * counts once for each such address. guest-pattern holds such pages. Whatever the table
 * maps is read, so the walk shares no code with what built it.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <asm/pgtable.h>

#ifdef CONFIG_ASI
static unsigned long word;
module_param(word, ulong, 0400);
MODULE_PARM_DESC(word, "the pages that are looked for begin with four of it");

#define MOST_PROCESSES	256

static struct task_struct *tasks[MOST_PROCESSES];
static DEFINE_MUTEX(lock);
static struct dentry *file;

/* Not on the stack, which is walked, too, and may keep what was read. */
static struct {
	unsigned long not_at_the_beginning;
	unsigned long words[4];
} page;

/* Where the last one was found. */
static unsigned long found_at;

static bool begins_with_pattern(phys_addr_t phys)
{
	unsigned int i = 0;

	if (pfn_valid(PHYS_PFN(phys)) &&
	    !copy_from_kernel_nofault(page.words, __va(phys), sizeof(page.words)))
		while (i < ARRAY_SIZE(page.words) && page.words[i] == word)
			i++;
	memzero_explicit(page.words, sizeof(page.words));
	return i == ARRAY_SIZE(page.words);
}

static unsigned int count_pages(phys_addr_t start, unsigned long addr, unsigned long size)
{
	unsigned long offset;
	unsigned int found = 0;

	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		if (!begins_with_pattern(start + offset))
			continue;
		found_at = addr + offset;
		found++;
	}
	return found;
}

/* Some ranges consist of one entry that is repeated: KASAN's shadow of what is not there. */
static unsigned int count(const u64 *table, int level, unsigned long addr)
{
	unsigned long size = 1UL << (PAGE_SHIFT + 9 * (level - 1));
	unsigned int i, found = 0, last = 0;
	u64 entry, previous = 0;

	for (i = 0; i < PTRS_PER_PTE; i++, addr += size, previous = entry) {
		/* khugepaged frees table pages without the lock of the mm. */
		if (level == 3)
			rcu_read_lock();
		entry = READ_ONCE(table[i]) & ~(u64)(_PAGE_ACCESSED | _PAGE_DIRTY);
		if (!(entry & _PAGE_PRESENT))
			last = 0;
		else if (entry == previous)
			;
		else if (level == 1 || entry & _PAGE_PSE)
			last = count_pages(entry & PTE_PFN_MASK & ~(size - 1), addr, size);
		else
			last = count(__va(entry & PTE_PFN_MASK), level - 1, addr);
		found += last;
		if (level == 3) {
			rcu_read_unlock();
			cond_resched();
		}
	}
	return found;
}

static void show_root(struct seq_file *m, const char *what, struct task_struct *task, pgd_t *root)
{
	unsigned int found;

	found_at = 0;
	found = count((u64 *)root, pgtable_l5_enabled() ? 5 : 4, 0);
	seq_printf(m, "%s\t%d\t%s\t%u\t%lx\n", what, task->pid, task->comm, found, found_at);
}

/* With the lock, and while it has users, the mm keeps the table pages of its lower half. */
static int show_task(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	if (!mm)
		return 0;
	if (mmap_write_lock_killable(mm)) {
		mmput(mm);
		return -EINTR;
	}
	show_root(m, "restricted", task, kernel_to_user_pgdp(mm->pgt.pgd));
	if (task == current)
		show_root(m, "unrestricted", task, mm->pgt.pgd);
	mmap_write_unlock(mm);
	mmput(mm);
	return 0;
}

static int pattern_show(struct seq_file *m, void *v)
{
	unsigned int i, nr = 0;
	struct task_struct *p;
	int err = 0;

	mutex_lock(&lock);
	rcu_read_lock();
	for_each_process(p) {
		if (p->flags & PF_KTHREAD)
			continue;
		if (nr == MOST_PROCESSES) {
			err = -E2BIG;
			break;
		}
		get_task_struct(p);
		tasks[nr++] = p;
	}
	rcu_read_unlock();
	for (i = 0; i < nr; i++) {
		err = err ?: show_task(m, tasks[i]);
		put_task_struct(tasks[i]);
	}
	mutex_unlock(&lock);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(pattern);

static int __init pattern_init(void)
{
	file = debugfs_create_file("pattern", 0400, NULL, NULL, &pattern_fops);
	return 0;
}
module_init(pattern_init);

static void __exit pattern_exit(void)
{
	debugfs_remove(file);
}
module_exit(pattern_exit);
#endif

MODULE_DESCRIPTION("finds the page tables that lead to a pattern");
MODULE_LICENSE("GPL");
