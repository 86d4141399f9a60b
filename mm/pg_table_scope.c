// SPDX-License-Identifier: GPL-2.0
/*
 * Scopes: what a page table may map of another one, and whether it maps more.
 */

#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/pg_table_context.h>
#include <linux/pgtable.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

static int link_part(struct pg_table *to, struct pg_table *from, unsigned long addr,
		     unsigned long size, unsigned long unit)
{
	int err = pg_table_link(to, from, addr, size, unit);
	unsigned long large;

	if (err != -EEXIST || unit != PAGE_SIZE ||
	    !pg_table_lookup(to, addr, &large) || large != PMD_SIZE)
		return err;
	err = pg_table_unmap(to, round_down(addr, PMD_SIZE), PMD_SIZE);
	return err ?: pg_table_link(to, from, addr, size, unit);
}

int pg_table_link_scope(struct pg_table *to, struct pg_table *from,
			const struct pg_table_scope *row)
{
	unsigned long addr = round_down(row->start, row->unit), left = 0, size;
	int err = 0;

	if (row->end > row->start)
		left = round_up(row->end, row->unit) - addr;
	for (; left && !err; addr += size, left -= size) {
		size = min(left, ALIGN(addr + 1, max(row->unit, PMD_SIZE)) - addr);
		err = link_part(to, from, addr, size, row->unit);
	}
	return err;
}

void pg_table_show_scope(struct seq_file *m, const struct pg_table_scope *row, unsigned int nr)
{
	for (; nr--; row++)
		if (row->end)
			seq_printf(m, "%s\t%lx-%lx\t%lx\t%s\n", row->name, row->start,
				   row->end, row->unit, row->why);
}

static bool covers(const struct pg_table_scope *row, unsigned long offset,
		   unsigned long start, unsigned long last)
{
	return row->end > row->start &&
	       start >= round_down(row->start + offset, row->unit) &&
	       last <= round_up(row->end + offset, row->unit) - 1;
}

static unsigned long per_cpu_start(const struct pg_table_scope *row, int cpu)
{
	return (unsigned long)per_cpu_ptr((void __percpu __force *)row->start, cpu);
}

static bool row_covers(const struct pg_table_scope *row, unsigned long start,
		       unsigned long last)
{
	int cpu;

	if (!row->percpu)
		return covers(row, 0, start, last);
	for_each_possible_cpu(cpu)
		if (covers(row, per_cpu_start(row, cpu) - row->start, start, last))
			return true;
	return false;
}

static bool is_in_scope(const struct pg_table_scope *scope, unsigned int nr,
			unsigned long start, unsigned long last)
{
	while (nr--)
		if (row_covers(scope++, start, last))
			return true;
	return false;
}

unsigned int pg_table_count_outside(struct pg_table *pgt, unsigned long start,
				    unsigned long last,
				    const struct pg_table_scope *scope, unsigned int nr)
{
	unsigned long size, addr = start;
	unsigned int outside = 0;
	pte_t *entry;

	do {
		entry = pg_table_lookup(pgt, addr, &size);
		if (!entry)
			size = PGDIR_SIZE;
		else if (pte_present(ptep_get(entry)) &&
			 !is_in_scope(scope, nr, addr & ~(size - 1), addr | (size - 1)) &&
			 outside++ < 8)
			pr_warn("page table maps %lx, which is outside the scope\n",
				addr & ~(size - 1));
		addr |= size - 1;
	} while (addr++ < last);
	return outside;
}
