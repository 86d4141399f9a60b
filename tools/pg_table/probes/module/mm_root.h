/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For a module outside the tree: the page-table fields of an mm_struct under
 * one name, before and after the split. Kbuild beside this file asks the
 * compiler which spelling the kernel has, and defines MM_PGT or MM_PGD.
 */
#ifndef MM_ROOT_H
#define MM_ROOT_H

#include <linux/mm_types.h>

#if defined(MM_PGT)
#define MM_ROOT_PATH "pgt.pgd"
#define mm_root(mm) ((mm)->pgt.pgd)
#define mm_table_lock(mm) (&(mm)->pgt.lock)
#elif defined(MM_PGD)
#define MM_ROOT_PATH "pgd"
#define mm_root(mm) ((mm)->pgd)
#define mm_table_lock(mm) (&(mm)->page_table_lock)
#else
#error "mm_struct has neither pgt.pgd nor pgd"
#endif

#endif
