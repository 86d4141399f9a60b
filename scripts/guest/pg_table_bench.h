/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _PG_TABLE_BENCH_H
#define _PG_TABLE_BENCH_H

/*
 * scripts/compare/bench.sh includes this before init/main.c and mm/mm_init.c: they build the
 * user page table, before a benchmark can run.
 */

#include <linux/types.h>

#include <asm/pti.h>
#include <asm/tsc.h>

extern u64 pg_table_bench_pti;

#define PG_TABLE_BENCH(function) do {			\
	u64 __t = rdtsc();				\
							\
	function();					\
	pg_table_bench_pti += rdtsc() - __t;		\
} while (0)

#define pti_init()	PG_TABLE_BENCH(pti_init)
#define pti_finalize()	PG_TABLE_BENCH(pti_finalize)

#endif
