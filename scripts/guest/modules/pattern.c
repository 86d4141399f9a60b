// SPDX-License-Identifier: GPL-2.0
/*
 * Which page tables lead to a page that begins with a pattern? Reading "pattern" in
 * debugfs walks, as the CPU would, the restricted table of each process, and the
 * unrestricted one of the reader, to see that the pages can be found at all. A line each:
 *
 *	restricted	PID	COMM	PAGES
 *	unrestricted	PID	COMM	PAGES
 *
 * A page counts once for each address at which it is mapped. guest-pattern holds such
 * pages. Whatever the table maps is read, so the walk shares no code with what built it.
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

static unsigned int count_pages(phys_addr_t start, unsigned long size)
{
	unsigned long words[4];
	unsigned int found = 0;
	phys_addr_t phys;

	for (phys = start; phys < start + size; phys += PAGE_SIZE) {
		if (!pfn_valid(PHYS_PFN(phys)) ||
		    copy_from_kernel_nofault(words, __va(phys), sizeof(words)))
			continue;
		found += words[0] == word && words[1] == word && words[2] == word &&
			 words[3] == word;
	}
	return found;
}

/* Some ranges consist of one entry that is repeated: KASAN's shadow of what is not there. */
static unsigned int count(const u64 *table, int level)
{
	unsigned int i, found = 0, last = 0;
	u64 entry, previous = 0;

	for (i = 0; i < PTRS_PER_PTE; i++, previous = entry) {
		/* khugepaged frees table pages without the lock of the mm. */
		if (level == 3)
			rcu_read_lock();
		entry = READ_ONCE(table[i]) & ~(u64)(_PAGE_ACCESSED | _PAGE_DIRTY);
		if (!(entry & _PAGE_PRESENT))
			last = 0;
		else if (entry == previous)
			;
		else if (level == 1 || entry & _PAGE_PSE)
			last = count_pages(entry & PTE_PFN_MASK & ~(page_level_size(level) - 1),
					   page_level_size(level));
		else
			last = count(__va(entry & PTE_PFN_MASK), level - 1);
		found += last;
		if (level == 3) {
			rcu_read_unlock();
			cond_resched();
		}
	}
	return found;
}

static unsigned int count_root(pgd_t *root)
{
	return count((u64 *)root, pgtable_l5_enabled() ? 5 : 4);
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
	seq_printf(m, "restricted\t%d\t%s\t%u\n", task->pid, task->comm,
		   count_root(kernel_to_user_pgdp(mm->pgt.pgd)));
	if (task == current)
		seq_printf(m, "unrestricted\t%d\t%s\t%u\n", task->pid, task->comm,
			   count_root(mm->pgt.pgd));
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
