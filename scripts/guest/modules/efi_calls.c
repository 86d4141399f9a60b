// SPDX-License-Identifier: GPL-2.0
/*
 * efi_calls/ in debugfs: runtime services in ways that user space cannot ask for.
 *
 *	direct	read: one call in the reading process, past the workqueue, with
 *		interrupts on; its status
 *	inside	read: a number that is odd while such a call is in the firmware
 *	fault	write "data" or "code": a call whose argument, or whose function,
 *		is at an address that is not mapped; the status as an error number
 *	loaded	read: for each CPU, 1 if it has loaded the page table of EFI
 *	targets	read: for each region of the firmware, its pages, and how many of them
 *		EFI's page table maps at their physical and at their virtual addresses
 *
 * Uses nothing that the series changes, so it is the same for the stock kernel.
 */
#include <linux/debugfs.h>
#include <linux/efi.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Behind all memory, and where no process of the guest maps anything. */
#define NOT_MAPPED	0x00007a0000001000UL

static DEFINE_MUTEX(calls_lock);
static struct dentry *dir;
static unsigned int inside;

static int direct_show(struct seq_file *m, void *v)
{
	u32 attr = EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS |
		   EFI_VARIABLE_RUNTIME_ACCESS;
	u64 space, remaining, largest;
	efi_status_t status;

	mutex_lock(&calls_lock);
	WRITE_ONCE(inside, inside + 1);
	status = efi.query_variable_info_nonblocking(attr, &space, &remaining,
						     &largest);
	WRITE_ONCE(inside, inside + 1);
	mutex_unlock(&calls_lock);

	/* Contents are checked too: the store is as large as it was. */
	seq_printf(m, "%lx %llx\n", status, status == EFI_SUCCESS ? space : 0);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(direct);

static int inside_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", READ_ONCE(inside));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(inside);

/* A call of the firmware for which @target takes the place of all its functions. */
static efi_status_t call_instead(unsigned long target)
{
	static efi_runtime_services_t table;
	const efi_runtime_services_t *runtime = efi.runtime;
	efi_status_t status;
	efi_time_t now;

	memset64((u64 *)&table, target, sizeof(table) / sizeof(u64));
	efi.runtime = &table;
	status = efi.get_time(&now, NULL);
	efi.runtime = runtime;
	return status;
}

static ssize_t fault_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	efi_status_t status;
	char kind[8] = "";

	if (count >= sizeof(kind))
		return -EINVAL;
	if (copy_from_user(kind, buf, count))
		return -EFAULT;

	mutex_lock(&calls_lock);
	if (!strcmp(kind, "data"))
		status = efi.get_time((efi_time_t *)NOT_MAPPED, NULL);
	else if (!strcmp(kind, "code"))
		status = call_instead(NOT_MAPPED);
	else
		status = EFI_INVALID_PARAMETER;
	mutex_unlock(&calls_lock);

	return status == EFI_SUCCESS ? count : efi_status_to_err(status);
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.write = fault_write,
};

/* The physical address of @addr in the loaded table; U64_MAX if it is not mapped. */
static u64 translate(u64 addr)
{
	pgd_t *pgd = (pgd_t *)__va(read_cr3_pa()) + pgd_index(addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	if (!pgd_present(*pgd))
		return U64_MAX;
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d))
		return U64_MAX;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud))
		return U64_MAX;
	if (pud_leaf(*pud))
		return PFN_PHYS((u64)pud_pfn(*pud)) + (addr & ~PUD_MASK);
	pmd = pmd_offset(pud, addr);
	if (!pmd_present(*pmd))
		return U64_MAX;
	if (pmd_leaf(*pmd))
		return PFN_PHYS((u64)pmd_pfn(*pmd)) + (addr & ~PMD_MASK);
	pte = pte_offset_kernel(pmd, addr);
	if (!pte_present(*pte))
		return U64_MAX;
	return PFN_PHYS((u64)pte_pfn(*pte)) + (addr & ~PAGE_MASK);
}

/* The first page is mapped for the firmware, and never for a process. */
static void first_page_is_mapped(void *mapped)
{
	*(int *)mapped = translate(0) != U64_MAX;
}

static struct {
	u64 pages, physical, virtual;
} targets[64];
static unsigned int nr_targets;

/* Runs in place of the firmware, with its page table loaded. */
static efi_status_t __efiapi count_targets(void)
{
	efi_memory_desc_t *md;
	u64 offset;

	nr_targets = 0;
	for_each_efi_memory_desc(md) {
		if (!(md->attribute & EFI_MEMORY_RUNTIME) || nr_targets == ARRAY_SIZE(targets))
			continue;
		targets[nr_targets].pages = md->num_pages;
		targets[nr_targets].physical = 0;
		targets[nr_targets].virtual = 0;
		for (offset = 0; offset < md->num_pages << EFI_PAGE_SHIFT; offset += PAGE_SIZE) {
			u64 phys = md->phys_addr + offset;

			targets[nr_targets].physical += translate(phys) == phys;
			targets[nr_targets].virtual += translate(md->virt_addr + offset) == phys;
		}
		nr_targets++;
	}
	return EFI_SUCCESS;
}

static int targets_show(struct seq_file *m, void *v)
{
	unsigned int i;

	mutex_lock(&calls_lock);
	nr_targets = 0;
	if (call_instead((unsigned long)count_targets) == EFI_SUCCESS)
		for (i = 0; i < nr_targets; i++)
			seq_printf(m, "%llu %llu %llu\n", targets[i].pages, targets[i].physical,
				   targets[i].virtual);
	mutex_unlock(&calls_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(targets);

static int loaded_show(struct seq_file *m, void *v)
{
	int cpu, mapped;

	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, first_page_is_mapped, &mapped, 1);
		seq_printf(m, "%d\n", mapped);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(loaded);

static int __init efi_calls_init(void)
{
	if (!efi_enabled(EFI_RUNTIME_SERVICES))
		return -ENODEV;

	dir = debugfs_create_dir("efi_calls", NULL);
	debugfs_create_file("direct", 0400, dir, NULL, &direct_fops);
	debugfs_create_file("inside", 0400, dir, NULL, &inside_fops);
	debugfs_create_file("fault", 0200, dir, NULL, &fault_fops);
	debugfs_create_file("loaded", 0400, dir, NULL, &loaded_fops);
	debugfs_create_file("targets", 0400, dir, NULL, &targets_fops);
	return 0;
}
module_init(efi_calls_init);

static void __exit efi_calls_exit(void)
{
	debugfs_remove(dir);
}
module_exit(efi_calls_exit);

MODULE_DESCRIPTION("Runtime services in ways that user space cannot ask for");
MODULE_LICENSE("GPL");
