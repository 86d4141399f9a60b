/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_GENERIC_PG_TABLE_H
#define _ASM_GENERIC_PG_TABLE_H

/* This architecture has no state of its own in a page table. */
struct arch_pg_table {
};

#endif /* _ASM_GENERIC_PG_TABLE_H */
