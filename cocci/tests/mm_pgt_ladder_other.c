// SPDX-License-Identifier: GPL-2.0
/* Left alone: names like those of the ladder that do not take an mm first. */
static inline void __pud_free(pud_t *pud)
{
	kmem_cache_free(PGT_CACHE(PUD_CACHE_INDEX), pud);
}

static pgd_t *own(void)
{
	return __pgd_alloc();
}

static void others(struct mm_struct *mm, pmd_t *pmd, pte_t *pte, unsigned long addr)
{
	__pud_free(pud_of(pmd));
	pte = pte_alloc_kernel(pmd, addr);
	pgd_populate_kernel(addr, pgd_offset(mm, addr), own());
	pmd_free_pte_page(pmd, addr);
	__pmd_populate(pmd, __pa(pte), PMD_TYPE_TABLE);
	pte_clear(mm, addr, pte);
	set_pte_at(mm, addr, pte, __pte(0));
	mm_init_pgtables(mm);
}
