// SPDX-License-Identifier: GPL-2.0
/* Compiles when the kernel has the spelling that is asked for, else not. */
#include "mm_root.h"

pgd_t *conftest(struct mm_struct *mm);
pgd_t *conftest(struct mm_struct *mm)
{
	return mm_table_lock(mm) ? mm_root(mm) : NULL;
}
