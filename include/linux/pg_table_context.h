/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PG_TABLE_CONTEXT_H
#define _LINUX_PG_TABLE_CONTEXT_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * DOC: Contexts
 *
 * A context is a page table of the kernel that belongs to no mm. Its lower half
 * is its own; its kernel half is that of init_mm. It costs a root page and a
 * small object, and it is used for a short time on one CPU.
 *
 * table:	a &struct pg_table.
 * table page:	one page of the tree below the root.
 * owner:	the table that allocated a table page and frees it. The descriptor
 *		of the page names it (&ptdesc.pt_owner). Other tables may link the
 *		page; they never free it.
 * own range:	where a context may map: the lower half, [0, TASK_SIZE_MAX), and
 *		the range it claimed in the kernel half. Ranges are half open.
 *
 * Locks: a mutex of the context serialises what changes or reads its tree, and
 * nests outside pgd_lock and &pg_table.lock. Entering and leaving take no lock.
 * A root is on pgd_list from its creation to its end, so that the kernel half
 * follows that of init_mm; pgd_lock orders this.
 */

/**
 * pg_table_create - create a context
 * @name: What it is for; shown to the administrator, not copied.
 *
 * Context: Process context, may sleep.
 * Return: The table, with one reference and nothing mapped in the lower half;
 * NULL if there is no memory.
 */
struct pg_table *pg_table_create(const char *name);

/**
 * pg_table_get - take a reference to a context
 * @pgt: The table; the caller has a reference.
 *
 * Context: Any.
 */
void pg_table_get(struct pg_table *pgt);

/**
 * pg_table_put - drop a reference to a context
 * @pgt: The table, or NULL.
 *
 * The last reference destroys the table with all table pages that it owns;
 * what is still mapped is forgotten. No CPU may have it loaded.
 *
 * Context: Process context, may sleep.
 */
void pg_table_put(struct pg_table *pgt);

/**
 * pg_table_claim - make a range of the kernel half a context's own
 * @pgt: The table.
 * @start: The first address, a multiple of PUD_SIZE.
 * @end: Behind the last address, a multiple of PUD_SIZE, in the same P4D entry.
 *
 * What init_mm maps elsewhere under that entry stays linked as it is at the
 * time of the call, so the range must be one beside which init_mm gets no new
 * PUD entries any more. A table has at most one such range.
 *
 * Context: Process context, may sleep. Before the table is entered for the
 * first time.
 * Return: 0; -EINVAL if the range is not as above, or is not in the kernel
 * half; -EBUSY if the table has a claim; -ENOMEM. On failure the table is
 * as it was.
 */
int pg_table_claim(struct pg_table *pgt, unsigned long start, unsigned long end);

/**
 * pg_table_map - map a physical range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @phys: The first physical address.
 * @size: Bytes.
 * @prot: The protection, as for a base page.
 *
 * Entries are as large as the alignment of @addr, @phys and @size and the
 * hardware allow.
 *
 * Context: Process context, may sleep. Nothing needs to be flushed afterwards.
 * Return: 0; -EINVAL if the range is empty, not aligned to pages, wraps or is
 * not in an own range; -EEXIST if part of it is mapped; -ENOMEM. On failure
 * nothing of the range is mapped that was not before, and the table pages
 * allocated for it are free again.
 */
int pg_table_map(struct pg_table *pgt, unsigned long addr, phys_addr_t phys,
		 unsigned long size, pgprot_t prot);

/**
 * pg_table_unmap - remove what is mapped in a range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @size: Bytes.
 *
 * Holes are no error. A large entry that is partly in the range is split.
 * Table pages that become empty are freed after the flush.
 *
 * Context: Process context, may sleep, interrupts enabled. On return no CPU can
 * use the old translations.
 * Return: 0; -EINVAL as for pg_table_map(); -ENOMEM if a large entry could
 * not be split: then every address is still mapped as it was.
 */
int pg_table_unmap(struct pg_table *pgt, unsigned long addr, unsigned long size);

/**
 * pg_table_populate - allocate the table pages for base pages in a range
 * @pgt: The table.
 * @addr: The first virtual address.
 * @size: Bytes.
 *
 * The owner of the range may then write its entries (pg_table_lookup())
 * without any allocation, until something is unmapped in the same PMD_SIZE of
 * addresses: that frees table pages in which it finds no entry.
 *
 * Context: Process context, may sleep.
 * Return: As pg_table_map(), and on failure the same is left behind.
 */
int pg_table_populate(struct pg_table *pgt, unsigned long addr, unsigned long size);

/**
 * pg_table_lookup - find the entry that maps an address
 * @pgt: The table.
 * @addr: The virtual address.
 * @size: Where to put the size of what the entry maps, in bytes.
 *
 * Context: Any, if the caller keeps the range from being unmapped meanwhile.
 * Return: The entry of the lowest level that exists, also if it is not present;
 * NULL if that is the root's.
 */
pte_t *pg_table_lookup(struct pg_table *pgt, unsigned long addr,
		       unsigned long *size);

#ifdef CONFIG_ARCH_HAS_PG_TABLE_ENTER
/**
 * pg_table_enter - load a context on this CPU
 * @pgt: The table.
 *
 * Hardware breakpoints are off until pg_table_leave(). User memory is not
 * reachable, and nmi_uaccess_okay() says so.
 *
 * Context: Preemption disabled from here to pg_table_leave(); interrupts may
 * be enabled. Never from NMI.
 * Return: What to give to pg_table_leave().
 */
struct pg_table *pg_table_enter(struct pg_table *pgt);

/**
 * pg_table_leave - load again what was loaded before pg_table_enter()
 * @prev: What pg_table_enter() returned.
 *
 * What happened meanwhile to the mm that @prev belongs to, such as a flush or
 * a new LDT, is made good.
 *
 * Context: As for pg_table_enter(), on the same CPU.
 */
void pg_table_leave(struct pg_table *prev);

/**
 * pg_table_expire - let no CPU enter a context with its present translations
 * @pgt: The table, entered nowhere, or only by the caller.
 *
 * For who changes entries by hand. It does not reach into a CPU that has the
 * table loaded: pg_table_flush() does.
 *
 * Context: Any.
 */
void pg_table_expire(struct pg_table *pgt);

/**
 * pg_table_flush - let no CPU use the present translations of a context
 * @pgt: The table.
 *
 * Context: Interrupts enabled; sends interrupts to the CPUs that have it loaded.
 */
void pg_table_flush(struct pg_table *pgt);
#else
static inline void pg_table_flush(struct pg_table *pgt) { }
#endif

#endif /* _LINUX_PG_TABLE_CONTEXT_H */
