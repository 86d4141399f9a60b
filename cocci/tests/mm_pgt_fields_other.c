// SPDX-License-Identifier: GPL-2.0
/* Left alone: fields of the same names in other structures. */

static int other_structures(struct mm_walk *walk, struct cpa_data *cpa, struct kvm *kvm,
			    struct kvm_pgtable *pgt, struct kimage *image)
{
	pgd_t *pgd = walk->pgd;
	pgd_t x;

	cpa->pgd = pgd;
	kvm->arch.pgd = NULL;
	pgt->pgd = NULL;
	image->arch.pgd = pgd;
	x.pgd = 0;
	return pgd->pgd == 0;
}

static void page_descriptors(struct ptdesc *ptdesc, struct omap_iommu *obj)
{
	ptdesc->pmd_huge_pte = NULL;
	spin_lock(&obj->page_table_lock);
	spin_unlock(&obj->page_table_lock);
}

static void io_page_tables(struct arm_lpae_io_pgtable *data, struct dmar_domain *domain)
{
	virt_to_phys(data->pgd);
	domain->pgd = NULL;
	domain->iop.pgd = NULL;
}

static struct cpa_data cpa = {
	.pgd = NULL,
};

static struct mm_walk walk = {
	.mm = &init_mm,
	.pgd = NULL,
};

void output_kvm_defines(void)
{
	OFFSET(KVM_GPGD, kvm, arch.pgd);
}
