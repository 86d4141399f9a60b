// SPDX-License-Identifier: GPL-2.0
/*
 * While this module is loaded, NMIs and interrupts come at any moment, also where
 * interrupts are off. nmi_storm in debugfs has their numbers:
 *
 *	nmis	NMIs that were handled
 *	works	interrupts that an NMI raised
 *	reads	NMIs that read the memory of the process, where the kernel lets them
 *	refused	those where it did not
 *	wrong	those that read something that the process does not have
 *
 * With more than one CPU each sends NMIs to the others. With one, the PIT does, which
 * nobody else uses: an NMI that a CPU sends itself only comes where it sends it.
 *
 * Uses nothing that the series changes, so it is the same for the stock kernel.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include <asm/apic.h>
#include <asm/nmi.h>

static unsigned int period_us = 500;
module_param(period_us, uint, 0400);
MODULE_PARM_DESC(period_us, "between two rounds of NMIs, in microseconds");

static unsigned long most = 64;
module_param(most, ulong, 0400);
MODULE_PARM_DESC(most, "arguments that a program has here");

static atomic_long_t nmis, works, reads, refused, wrong;
static DEFINE_PER_CPU(struct task_struct *, senders);
static DEFINE_PER_CPU(struct irq_work, irq_works);
static struct dentry *file;
static bool by_pit;

static void on_work(struct irq_work *work)
{
	atomic_long_inc(&works);
}

/*
 * A program's stack begins with the number of its arguments. One that is being
 * started may not have written it yet.
 */
static void read_process(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long word = 0;

	if (!mm || !(current->flags & PF_FORKNOEXEC) || !mm->start_stack)
		return;
	if (copy_from_user_nmi(&word, (void __user *)mm->start_stack, sizeof(word)))
		atomic_long_inc(&refused);
	else if (!word || word > most)
		atomic_long_inc(&wrong);
	else
		atomic_long_inc(&reads);
}

/* Whoever sent it: while an NMI is pending, another one is lost. */
static int on_nmi(unsigned int cmd, struct pt_regs *regs)
{
	atomic_long_inc(&nmis);
	read_process();
	irq_work_queue(this_cpu_ptr(&irq_works));
	return NMI_HANDLED;
}

static int send(void *unused)
{
	int cpu;

	while (!kthread_should_stop()) {
		preempt_disable();
		for_each_online_cpu(cpu)
			if (cpu != smp_processor_id())
				apic->send_IPI(cpu, NMI_VECTOR);
		preempt_enable();
		usleep_range(period_us, 2 * period_us);
	}
	return 0;
}

static void stop_senders(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(senders, cpu))
			kthread_stop(per_cpu(senders, cpu));
}

static int start_senders(void)
{
	struct task_struct *sender;
	int cpu;

	for_each_online_cpu(cpu) {
		sender = kthread_run_on_cpu(send, NULL, cpu, "nmi_storm/%u");
		if (IS_ERR(sender)) {
			stop_senders();
			return PTR_ERR(sender);
		}
		per_cpu(senders, cpu) = sender;
	}
	return 0;
}

/* 82093AA I/O APIC datasheet, 3.1 and 3.2.4: the entry of pin 2, where IRQ 0 is. */
#define IOAPIC_BASE	0xfec00000
#define IOAPIC_ENTRY	(0x10 + 2 * 2)
#define ENTRY_NMI	(4 << 8)

static u32 ioapic_swap(void __iomem *ioapic, u32 reg, u32 value)
{
	u32 old;

	writel(reg, ioapic);
	old = readl(ioapic + 0x10);
	writel(value, ioapic + 0x10);
	return old;
}

static u32 old_low, old_high;

static int route_pit(u32 low, u32 high)
{
	void __iomem *ioapic = ioremap(IOAPIC_BASE, PAGE_SIZE);
	unsigned long flags;

	if (!ioapic)
		return -ENOMEM;
	local_irq_save(flags);
	old_high = ioapic_swap(ioapic, IOAPIC_ENTRY + 1, high);
	old_low = ioapic_swap(ioapic, IOAPIC_ENTRY, low);
	local_irq_restore(flags);
	iounmap(ioapic);
	return 0;
}

/* 8254 datasheet: channel 0, both bytes, mode 2 goes on by itself, mode 0 stops. */
static void set_pit(unsigned int mode, unsigned int count)
{
	outb_p(0x30 | mode << 1, 0x43);
	outb_p(count & 0xff, 0x40);
	outb_p(count >> 8, 0x40);
}

static int nmi_storm_show(struct seq_file *m, void *v)
{
	seq_printf(m, "nmis %ld works %ld reads %ld refused %ld wrong %ld\n",
		   atomic_long_read(&nmis), atomic_long_read(&works),
		   atomic_long_read(&reads), atomic_long_read(&refused),
		   atomic_long_read(&wrong));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(nmi_storm);

static int start_pit(void)
{
	int err = route_pit(ENTRY_NMI, 0);

	if (!err)
		set_pit(2, min(0xffffU, PIT_TICK_RATE / (USEC_PER_SEC / period_us)));
	return err;
}

static int __init nmi_storm_init(void)
{
	int cpu, err;

	for_each_possible_cpu(cpu)
		per_cpu(irq_works, cpu) = IRQ_WORK_INIT_HARD(on_work);
	by_pit = num_online_cpus() == 1;
	err = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "nmi_storm");
	if (err)
		return err;
	err = by_pit ? start_pit() : start_senders();
	if (err) {
		unregister_nmi_handler(NMI_LOCAL, "nmi_storm");
		return err;
	}
	file = debugfs_create_file("nmi_storm", 0400, NULL, NULL, &nmi_storm_fops);
	return 0;
}
module_init(nmi_storm_init);

static void __exit nmi_storm_exit(void)
{
	int cpu;

	debugfs_remove(file);
	if (by_pit) {
		set_pit(0, 0);
		route_pit(old_low, old_high);
	} else {
		stop_senders();
	}
	/* One that was sent is there within a millisecond. */
	mdelay(1);
	unregister_nmi_handler(NMI_LOCAL, "nmi_storm");
	for_each_online_cpu(cpu)
		irq_work_sync(&per_cpu(irq_works, cpu));
}
module_exit(nmi_storm_exit);

MODULE_DESCRIPTION("NMIs and interrupts at any moment");
MODULE_LICENSE("GPL");
