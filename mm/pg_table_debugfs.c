// SPDX-License-Identifier: GPL-2.0
/*
 * pg_table/ in debugfs: the page tables that belong to no mm.
 *
 *	tables	one line for each table: name, kind, physical address of the root,
 *		size of the root and of the table pages that pgtables_bytes counts
 *		(all but P4D pages) in bytes, references, and the range that it
 *		claimed in the kernel half, or "-"
 *	dump	what each table maps
 */

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/seq_file.h>

#include <linux/pg_table_internal.h>

static void *tables_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&pg_table_list_lock);
	return seq_list_start(&pg_table_list, *pos);
}

static void *tables_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &pg_table_list, pos);
}

static void tables_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&pg_table_list_lock);
}

static const char * const kind_names[] = {
	[PG_TABLE_CONTEXT]	= "context",
	[PG_TABLE_TEMPLATE]	= "template",
	[PG_TABLE_VIEW]		= "view",
};

static int tables_show(struct seq_file *m, void *v)
{
	struct pg_context *ctx = list_entry(v, struct pg_context, list);
	phys_addr_t root = __pa(ctx->pgt.pgd);

	seq_printf(m, "%s\t%s\t%pa\t%lu\t%u\t", ctx->name, kind_names[ctx->pgt.kind], &root,
		   PAGE_SIZE + atomic_long_read(&ctx->pgt.pgtables_bytes),
		   refcount_read(&ctx->users));
	if (ctx->claim_end)
		seq_printf(m, "%lx-%lx\n", ctx->claim_start, ctx->claim_end);
	else
		seq_puts(m, "-\n");
	return 0;
}

static int dump_show(struct seq_file *m, void *v)
{
	struct pg_context *ctx = list_entry(v, struct pg_context, list);

	seq_printf(m, "===[ %s ]===\n", ctx->name);
	/* The walk of a view takes the mmap_lock of its process instead. */
	if (ctx->pgt.kind != PG_TABLE_VIEW)
		mutex_lock(&ctx->lock);
	ptdump_walk_pg_table(m, &ctx->pgt);
	if (ctx->pgt.kind != PG_TABLE_VIEW)
		mutex_unlock(&ctx->lock);
	return 0;
}

static const struct seq_operations tables_sops = {
	.start	= tables_start,
	.next	= tables_next,
	.stop	= tables_stop,
	.show	= tables_show,
};
DEFINE_SEQ_ATTRIBUTE(tables);

static const struct seq_operations dump_sops = {
	.start	= tables_start,
	.next	= tables_next,
	.stop	= tables_stop,
	.show	= dump_show,
};
DEFINE_SEQ_ATTRIBUTE(dump);

static int __init pg_table_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("pg_table", NULL);

	debugfs_create_file("tables", 0400, dir, NULL, &tables_fops);
	debugfs_create_file("dump", 0400, dir, NULL, &dump_fops);
	return 0;
}
late_initcall(pg_table_debugfs_init);
