/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_CONTEXT_H
#define _LINUX_PG_TABLE_CONTEXT_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct seq_file;

/**
 * DOC: Contexts
 *
 * A context is a page table of the kernel that belongs to no mm. Its kernel half
 * is that of init_mm; its lower half is its own. It costs a root page and a small
 * object, and is loaded for a short time on one CPU.
 *
 * table
 *	A &struct pg_table.
 * table page
 *	One page of the tree below the root.
 * owner
 *	The table that allocated a table page, and the only one that frees it.
 *	The descriptor of the page names it (&ptdesc.pt_owner). Other tables
 *	may link the page.
 * link
 *	An entry that points to a table page of another table, so that
 *	everything below it is shared.
 * own range
 *	Where a context may map: the lower half, [0, TASK_SIZE_MAX), and the
 *	range that it claimed in the kernel half. For a template, the kernel
 *	half. Ranges are half open.
 *
 * Locking: a mutex in each context serialises changes and walks of its tree. It
 * nests outside pgd_lock and &pg_table.lock. Entering and leaving take no lock.
 * A root is on pgd_list as long as it exists, so that its kernel half follows
 * that of init_mm, under pgd_lock.
 */

/**
 * pg_table_create - create a context
 * @name: What it is for. Shown to the administrator; not copied.
 *
 * Context: Process context, may sleep.
 * Return: The table, with one reference and nothing mapped in the lower half;
 * NULL if there is no memory.
 */
struct pg_table *pg_table_create(const char *name);

/**
 * pg_table_create_template - create a table that is never loaded
 * @name: What it is for. Shown to the administrator; not copied.
 * @root: An empty root. The caller keeps it, and frees it after the table.
 *
 * Other tables link what a template maps. Its table pages are therefore freed
 * only when it is destroyed.
 *
 * Context: Process context, may sleep.
 * Return: The table, with one reference; NULL if there is no memory.
 */
struct pg_table *pg_table_create_template(const char *name, pgd_t *root);

/**
 * pg_table_get - take a reference to a context
 * @pgt: The table. The caller holds a reference.
 *
 * Context: Any.
 */
void pg_table_get(struct pg_table *pgt);

/**
 * pg_table_put - drop a reference to a context
 * @pgt: The table, or NULL.
 *
 * Dropping the last reference destroys the table and frees all table pages that
 * it owns, whether or not they still map something. No CPU may have it loaded.
 *
 * Context: Process context, may sleep.
 */
void pg_table_put(struct pg_table *pgt);

/**
 * pg_table_claim - give a context a range of its own in the kernel half
 * @pgt: The table.
 * @start: The first address, a multiple of PUD_SIZE.
 * @end: The address after the last one, a multiple of PUD_SIZE. The range has to
 *	be within one P4D entry.
 *
 * Outside the range, the context links what init_mm maps below the same P4D entry
 * at the time of the call. PUD entries that init_mm adds there later do not appear
 * in the context, so the caller has to know that there will be none. A table has
 * at most one such range.
 *
 * Context: Process context, may sleep. Before the table is entered for the
 * first time.
 * Return: 0; -EINVAL if the range is not as described above or not in the kernel
 * half; -EBUSY if the table already has such a range; -ENOMEM. On failure, the
 * table is unchanged.
 */
int pg_table_claim(struct pg_table *pgt, unsigned long start, unsigned long end);

/**
 * pg_table_map - map a physical range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @phys: The first physical address.
 * @size: The size in bytes.
 * @prot: The protection, as for a base page.
 *
 * Uses the largest entries that the hardware and the alignment of @addr, @phys
 * and @size allow.
 *
 * Context: Process context, may sleep. No flush is needed afterwards.
 * Return: 0; -EINVAL if the range is empty, not page aligned, wraps or is not in
 * an own range of the table; -EEXIST if part of it is already mapped; -ENOMEM.
 * On failure, nothing new is mapped, and unless the table is a template, the
 * table pages that were allocated are freed.
 */
int pg_table_map(struct pg_table *pgt, unsigned long addr, phys_addr_t phys,
		 unsigned long size, pgprot_t prot);

/**
 * pg_table_link - map what another table maps
 * @to: The table to change.
 * @from: The table to link. The caller keeps the range unchanged in the meantime.
 * @addr: The first virtual address, a multiple of @unit.
 * @size: The size in bytes, a multiple of @unit.
 * @unit: The size of what one linked entry maps: PAGE_SIZE, PMD_SIZE, PUD_SIZE or
 *	P4D_SIZE.
 *
 * Makes the entries of that level the same in both tables, so that everything
 * below them is shared. With PAGE_SIZE, nothing is shared: the entries are copied.
 * A leaf of @from that maps more than @unit is copied as a whole. Where @from maps
 * nothing, @to is unchanged. Leaves and links of @to in the range are replaced,
 * each with a single write.
 *
 * Context: Process context, may sleep. If entries are replaced, the caller flushes.
 * Return: 0; -EINVAL if the range is not in an own range of @to, is not aligned,
 * or @unit is none of the above; -EEXIST if @to has table pages of its own where
 * an entry has to be written, or a leaf or a link where it needs table pages of
 * its own; -ENOMEM. On failure, @to maps what it did before, and unless it is a
 * template, the table pages that were allocated are freed.
 */
int pg_table_link(struct pg_table *to, struct pg_table *from, unsigned long addr,
		  unsigned long size, unsigned long unit);

/**
 * struct pg_table_scope - a range of the kernel that another table may map
 * @name: What it is.
 * @why: Why it has to be mapped.
 * @start: The first address.
 * @end: The address after the last one.
 * @unit: The size of what one linked entry maps, see pg_table_link(). The range is
 *	rounded out to it, and everything in the rounded range is exposed.
 * @percpu: There is one such range for each possible CPU. The addresses are those
 *	of the per-CPU symbol.
 * @global: The range is mapped in the same way in all tables, so its translations
 *	may survive a switch to another table.
 */
struct pg_table_scope {
	const char *name;
	const char *why;
	unsigned long start;
	unsigned long end;
	unsigned long unit;
	bool percpu;
	bool global;
};

/**
 * pg_table_link_scope - map a range of a scope
 * @to: The table to change.
 * @from: The table to link. The caller keeps the range unchanged in the meantime.
 * @row: The range. It must not be per CPU. If it is empty, nothing is mapped.
 *
 * A PMD-sized page of @to where base pages have to be mapped is removed first.
 * For a moment, nothing is mapped in its place.
 *
 * Context: As for pg_table_link() and pg_table_unmap().
 * Return: 0, or an error of pg_table_link() or pg_table_unmap(). On failure, the
 * beginning of the range may be mapped, and a PMD-sized page after it removed.
 */
int pg_table_link_scope(struct pg_table *to, struct pg_table *from,
			const struct pg_table_scope *row);

/**
 * pg_table_show_scope - print a scope
 * @m: The file to print to.
 * @scope: The rows to print: name, range, unit and reason of each that is not empty.
 * @nr: The number of rows.
 *
 * Context: Any.
 */
void pg_table_show_scope(struct seq_file *m, const struct pg_table_scope *scope,
			 unsigned int nr);

/**
 * pg_table_count_outside - count the entries of a table that are outside a scope
 * @pgt: The table. The caller keeps it unchanged in the meantime.
 * @start: The first address to check.
 * @last: The last address to check.
 * @scope: The ranges that the table may map.
 * @nr: The number of rows in @scope.
 *
 * Prints the addresses of the first few such entries at KERN_WARNING.
 *
 * Context: Process context.
 * Return: The number of entries that no row covers.
 */
unsigned int pg_table_count_outside(struct pg_table *pgt, unsigned long start,
				    unsigned long last,
				    const struct pg_table_scope *scope, unsigned int nr);

/**
 * pg_table_unmap - remove what is mapped in a range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @size: The size in bytes.
 *
 * Holes in the range are skipped. A large entry that is partly in the range is
 * split. Links are removed. Table pages that become empty are freed after the
 * flush, except those of a template.
 *
 * Context: Process context, may sleep, interrupts enabled. On return, no CPU can
 * use the old translations. A template is loaded nowhere: whoever owns tables
 * that link it has to flush them.
 * Return: 0; -EINVAL as for pg_table_map(); -EBUSY if a link is partly in the
 * range; -ENOMEM if a large entry could not be split. On failure, every address
 * is still mapped as before.
 */
int pg_table_unmap(struct pg_table *pgt, unsigned long addr, unsigned long size);

/**
 * pg_table_populate - allocate the table pages for base pages in a range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @size: The size in bytes.
 *
 * Afterwards the caller may write the entries of the range, see pg_table_lookup(),
 * without an allocation. This holds until pg_table_unmap() is called for the same
 * PMD_SIZE range, or pg_table_map(), pg_table_populate() or pg_table_link() fails in
 * it: they free table pages that they find empty.
 *
 * Context: Process context, may sleep.
 * Return: As for pg_table_map().
 */
int pg_table_populate(struct pg_table *pgt, unsigned long addr, unsigned long size);

/**
 * pg_table_lookup - find the entry that maps an address
 * @pgt: The table.
 * @addr: The virtual address.
 * @size: Set to the size of what the entry maps, in bytes.
 *
 * Context: Any, as long as the caller keeps the range from being unmapped.
 * Return: The entry at the lowest level that exists, even if it is not present;
 * NULL if the PGD entry is not present.
 */
pte_t *pg_table_lookup(struct pg_table *pgt, unsigned long addr,
		       unsigned long *size);

#ifdef CONFIG_ARCH_HAS_PG_TABLE_ENTER
/**
 * pg_table_enter - load a context on this CPU
 * @pgt: The table.
 *
 * Until pg_table_leave(), hardware breakpoints are disabled, user memory is not
 * accessible, and nmi_uaccess_okay() returns false.
 *
 * Context: Preemption disabled from here to pg_table_leave(); interrupts may be
 * enabled. Not from NMI.
 * Return: The argument for pg_table_leave().
 */
struct pg_table *pg_table_enter(struct pg_table *pgt);

/**
 * pg_table_leave - restore what was loaded before pg_table_enter()
 * @prev: The return value of pg_table_enter().
 *
 * Applies whatever the mm of @prev missed in the meantime, such as a TLB flush or
 * a new LDT.
 *
 * Context: As for pg_table_enter(), on the same CPU.
 */
void pg_table_leave(struct pg_table *prev);

/**
 * pg_table_expire - invalidate the translations of a context for later users
 * @pgt: The table. No CPU other than this one may have it loaded.
 *
 * For callers that modify entries directly. A CPU that enters the context later
 * flushes first. Does not flush CPUs that have the table loaded; use
 * pg_table_flush().
 *
 * Context: Any.
 */
void pg_table_expire(struct pg_table *pgt);

/**
 * pg_table_flush - invalidate the translations of a context on all CPUs
 * @pgt: The table.
 *
 * Context: Interrupts enabled. Sends IPIs to the CPUs that have the table loaded.
 */
void pg_table_flush(struct pg_table *pgt);
#else
static inline void pg_table_flush(struct pg_table *pgt) { }
#endif

#endif /* _LINUX_PG_TABLE_CONTEXT_H */
