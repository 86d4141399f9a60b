/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The root of a page table in BPF CO-RE, before and after the split of
 * struct pg_table from struct mm_struct.
 *
 * libbpf drops what follows ___ from the name of a type, so both describe
 * mm_struct. They have no other member than the one that is read.
 */
#ifndef MM_ROOT_BPF_H
#define MM_ROOT_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct mm_struct;

struct pg_table___split {
	void *pgd;
} __attribute__((preserve_access_index));

struct mm_struct___split {
	struct pg_table___split pgt;
} __attribute__((preserve_access_index));

struct mm_struct___stock {
	void *pgd;
} __attribute__((preserve_access_index));

/*
 * The branch is on a constant after relocation, and the verifier removes the
 * side that is not taken. With neither member the side that is left has no
 * offset, and the program does not load.
 */
static __always_inline void *mm_root(struct mm_struct *mm)
{
	struct mm_struct___split *split = (void *)mm;
	struct mm_struct___stock *stock = (void *)mm;

	if (bpf_core_field_exists(split->pgt.pgd))
		return BPF_CORE_READ(split, pgt.pgd);
	return BPF_CORE_READ(stock, pgd);
}

#endif
