// SPDX-License-Identifier: GPL-2.0
/* Converted: definitions, prototypes, calls and bodies of the ladder. */
struct mm_struct poking;
extern pgd_t *pgd_alloc(struct mm_struct *);
extern void pgd_free(struct mm_struct *mm, pgd_t *pgd);
pgtable_t pte_alloc_one(struct mm_struct *mm);

#define pmd_free(pgt, x)		do { } while (0)
#define pte_alloc_one_kernel(...)	alloc_hooks(pte_alloc_one_kernel_noprof(__VA_ARGS__))
#define pte_free(pgt, pte)		page_table_free(pgt, (unsigned long *)pte)
#define __pte_free_tlb(tlb, pte, addr)	pte_free((tlb)->mm, pte)

static inline pmd_t *pmd_alloc_one_noprof(struct mm_struct *mm, unsigned long addr)
{
	gfp_t gfp = GFP_PGTABLE_USER;

	if (mm == &init_mm)
		gfp = GFP_PGTABLE_KERNEL;
	return pagetable_alloc_noprof(gfp, 0);
}

int __pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address)
{
	pmd_t *new = pmd_alloc_one(mm, address);
	spinlock_t *ptl = pud_lock(mm, pud);

	if (!pud_present(*pud)) {
		mm_inc_nr_pmds(mm);
		pud_populate(mm, pud, new);
	} else {
		pmd_free(mm, new);
	}
	spin_unlock(ptl);
	return 0;
}

spinlock_t *pud_lockptr(struct mm_struct *mm, pud_t *pud)
{
	return &mm->pgt.lock;
}

static inline void __p4d_free(struct mm_struct *mm, p4d_t *p4d)
{
	VM_BUG_ON(mm && mm != &init_mm);
	forget(mm->context.id, mm);
}

static inline void paravirt_alloc_pte(struct mm_struct *mm, unsigned long pfn)
{
	PVOP_VCALL2(mmu.alloc_pte, mm, pfn);
}

static int use(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	pgd_t *pgd = pgd_alloc(&defined_elsewhere);
	p4d_t *p4d = p4d_alloc(&poking, vmf->pgd, 0);
	pud_t *pud = pud_alloc(&init_mm, p4d, 0);

	if (pte_alloc(vma->vm_mm, vmf->pmd))
		return -ENOMEM;
	pte_free(NULL, vmf->prealloc_pte);
	if (prepare(vma, !pte_alloc(current->mm, vmf->pmd)))
		return -ENOMEM;
	return !pte_offset_map_lock(vmf->vma->vm_mm, vmf->pmd, 0, &vmf->ptl);
}

struct pv_mmu_ops {
	void (*exit_mmap)(struct mm_struct *mm);
	int  (*pgd_alloc)(struct mm_struct *mm);
	void (*pgd_free)(struct mm_struct *mm, pgd_t *pgd);
	void (*alloc_pte)(struct mm_struct *mm, unsigned long pfn);
	void (*release_pte)(unsigned long pfn);
} __no_randomize_layout;
