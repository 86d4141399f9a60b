// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts on x86-64: a range of their own in the kernel half.
 */

#include <linux/mm.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>

#include <asm/pgalloc.h>
#include <asm/processor.h>

#include <linux/pg_table_internal.h>
#include "mm_internal.h"

static bool can_claim(unsigned long start, unsigned long end)
{
	return start < end && IS_ALIGNED(start | end, PUD_SIZE) &&
	       (long)start < 0 &&
	       __is_canonical_address(start, __VIRTUAL_MASK_SHIFT + 1) &&
	       (start & P4D_MASK) == ((end - 1) & P4D_MASK);
}

int pg_table_claim(struct pg_table *pgt, unsigned long start, unsigned long end)
{
	pgd_t *pgd_k = pgd_offset_k(start), *pgd = pgd_offset_pgd(pgt->pgd, start);
	struct pg_context *ctx = pg_context(pgt);
	p4d_t *p4d_k, *p4ds = NULL;
	pud_t *puds = NULL;
	int err = -ENOMEM;

	if (!can_claim(start, end))
		return -EINVAL;

	mutex_lock(&ctx->lock);
	if (ctx->claim_end) {
		err = -EBUSY;
		goto unlock;
	}
	if (pgtable_l5_enabled()) {
		p4ds = p4d_alloc_one(pgt, start);
		if (!p4ds)
			goto unlock;
	}
	puds = pud_alloc_one(pgt, start);
	if (!puds)
		goto free_p4ds;

	/* Link the table pages of init_mm, except in the range. */
	spin_lock(&init_mm.pgt.lock);
	if (!pgd_none(*pgd_k)) {
		p4d_k = p4d_offset(pgd_k, start);
		if (p4ds)
			copy_page(p4ds, p4d_offset(pgd_k, 0));
		if (!p4d_none(*p4d_k))
			copy_page(puds, pud_offset(p4d_k, 0));
	}
	spin_unlock(&init_mm.pgt.lock);
	memset(puds + pud_index(start), 0,
	       ((end - start) >> PUD_SHIFT) * sizeof(*puds));

	pg_table_own(pgt, puds);
	if (p4ds) {
		pg_table_own(pgt, p4ds);
		p4d_populate(pgt, p4ds + p4d_index(start), puds);
		arch_pg_table_hide_p4d(p4ds + p4d_index(start));
	}
	spin_lock(&pgd_lock);
	if (p4ds) {
		pgd_populate(pgt, pgd, p4ds);
		arch_pg_table_hide_pgd(pgd);
	} else {
		p4d_populate(pgt, p4d_offset(pgd, start), puds);
		arch_pg_table_hide_p4d(p4d_offset(pgd, start));
	}
	ctx->claim_start = start;
	ctx->claim_end = end;
	spin_unlock(&pgd_lock);
	pg_table_inc_nr_puds(pgt);
	err = 0;
	goto unlock;

free_p4ds:
	if (p4ds)
		p4d_free(pgt, p4ds);
unlock:
	mutex_unlock(&ctx->lock);
	return err;
}

bool pg_table_is_wrong_at(struct pg_table *pgt, unsigned long addr, unsigned long table,
			  unsigned long ref)
{
	struct pg_context *ctx = pg_context(pgt);

	if (pg_table_is_standalone(pgt) && ctx->claim_end &&
	    pgd_index(addr) == pgd_index(ctx->claim_start))
		return false;
	return table != ref;
}
