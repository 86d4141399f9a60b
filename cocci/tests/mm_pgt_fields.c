// SPDX-License-Identifier: GPL-2.0
/* Converted: each way to reach the page-table fields of an mm_struct. */

static void parameters_and_locals(struct mm_struct *next, struct task_struct *t)
{
	struct mm_struct *mm = t->mm, copy;

	load_cr3(next->pgd);
	mm->pgd = NULL;
	copy.pgd = mm->pgd + pgd_index(0);
	atomic_long_add(PAGE_SIZE, &next->pgtables_bytes);
	next->pmd_huge_pte = NULL;
}

static void lock_is_renamed(struct mm_struct *mm, struct folio_walk args)
{
	spin_lock(&mm->page_table_lock);
	spin_unlock(&mm->page_table_lock);
	spin_lock(&init_mm.page_table_lock);
	spin_lock(&(args.mm->page_table_lock));
	spin_lock(&pgd_page_get_mm(page)->page_table_lock);
	spin_lock(&current->mm->page_table_lock);
}

static void types_that_spatch_does_not_see(struct domain *domain)
{
	use(current->mm->pgd, current->active_mm->pgd, vma->vm_mm->pgd);
	use((t->mm ? t->mm->pgd : t->active_mm->pgd));
	use(domain->mm->pgd, init_mm.pgd, efi_mm.pgd, tboot_mm.pgd);
	use(this_cpu_read(cpu_tlbstate.loaded_mm)->pgd);
	use(vcpu->kvm->arch.gpa_mm.pgd);
	use(offsetof(struct mm_struct, pgd));
}

#define pgd_offset(mm, address)	pgd_offset_pgd((mm)->pgd, (address))
#define pmd_huge_pte(mm, pmd)	((mm)->pmd_huge_pte)

void output_mm_defines(void)
{
	OFFSET(MM_PGD, mm_struct, pgd);
}

struct mm_struct init_mm = {
	.pgd		= swapper_pg_dir,
	.mm_users	= ATOMIC_INIT(2),
	MMAP_LOCK_INITIALIZER(init_mm)
	.page_table_lock = __SPIN_LOCK_UNLOCKED(init_mm.page_table_lock),
};

static struct mm_struct sva_mm = {
	.pgd = (void *)0xdaedbeefdeadbeefULL,
};
