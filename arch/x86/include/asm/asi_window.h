/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_ASI_WINDOW_H
#define _ASM_X86_ASI_WINDOW_H

#ifdef CONFIG_ASI
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <asm/asi.h>
#include <asm/kmap_size.h>

/*
 * The local range is one PUD entry below the root entry that PTI has for the LDT of the
 * process. Both roots of a process link it; init_mm and contexts do not. Each CPU has
 * slots of its own, in the order of nesting.
 */
#define ASI_LOCAL_BASE		LDT_BASE_ADDR
#define ASI_LOCAL_SIZE		PUD_SIZE
#define ASI_SLOTS		roundup_pow_of_two(KM_MAX_IDX)
#define ASI_SLOT_CPUS		(ASI_LOCAL_SIZE / PAGE_SIZE / ASI_SLOTS)

/**
 * asi_is_window - test whether an address is in the local range
 * @addr: The address.
 *
 * Context: Any.
 * Return: True if it is, so that kmap_local_page() returned it.
 */
static inline bool asi_is_window(unsigned long addr)
{
	return addr - ASI_LOCAL_BASE < ASI_LOCAL_SIZE;
}

/* The slot of this CPU for a depth of nesting. */
static inline int asi_window_idx(int depth)
{
	return ASI_SLOTS * smp_processor_id() + depth;
}

static inline unsigned long asi_window_addr(int idx)
{
	return ASI_LOCAL_BASE + ((unsigned long)idx << PAGE_SHIFT);
}

pte_t *asi_window_pte(unsigned long addr);
void asi_flush_window(unsigned long addr);
void __asi_inherit_local(struct mm_struct *mm);
void __asi_free_local(struct mm_struct *mm);

static inline void asi_inherit_local(struct pg_table *pgt)
{
	if (asi_enabled() && !pg_table_is_standalone(pgt))
		__asi_inherit_local(pg_table_mm(pgt));
}

static inline void asi_free_local(struct pg_table *pgt)
{
	if (asi_enabled() && !pg_table_is_standalone(pgt))
		__asi_free_local(pg_table_mm(pgt));
}

/**
 * asi_has_window - test whether the current task has a window
 *
 * Context: Any.
 * Return: True if it does; false in an interrupt, which never uses that of the task.
 */
static inline bool asi_has_window(void)
{
	return asi_enabled() && in_task() && current->kmap_ctrl.idx;
}

/* For mm/highmem.c and <linux/highmem-internal.h>. */
#define arch_kmap_local_enabled()		asi_enabled()
#define arch_kmap_local_map_idx			arch_kmap_local_map_idx
#define arch_kmap_local_unmap_idx		arch_kmap_local_unmap_idx
#define arch_kmap_local_vaddr(idx)		asi_window_addr(idx)
#define arch_kmap_local_pte(vaddr)		asi_window_pte(vaddr)
#define arch_kmap_local_post_unmap(vaddr)	asi_flush_window(vaddr)

static inline int arch_kmap_local_map_idx(int depth, unsigned long pfn)
{
	return asi_window_idx(depth);
}

static inline int arch_kmap_local_unmap_idx(int depth, unsigned long vaddr)
{
	return asi_window_idx(depth);
}

static inline bool arch_kmap_local_maps(const struct page *page)
{
	return asi_enabled() && is_zone_movable_page(page);
}

void *asi_kmap(const struct page *page, void *addr);
void *asi_kmap_span(const struct page *page, void *addr);
void asi_kunmap(const void *addr);
void *asi_kmap_brief(const struct page *page, void *addr);
void asi_kunmap_brief(const void *addr);

static inline void *arch_kmap_local_page(const struct page *page, void *addr)
{
	return asi_enabled() ? asi_kmap(page, addr) : addr;
}

static inline void *arch_kmap_local_span(const struct page *page, void *addr)
{
	return asi_enabled() ? asi_kmap_span(page, addr) : addr;
}

static inline void arch_kunmap_local(const void *addr)
{
	if (asi_enabled())
		asi_kunmap(addr);
}

static inline void *arch_kmap_local_brief(const struct page *page, void *addr)
{
	return asi_enabled() ? asi_kmap_brief(page, addr) : addr;
}

static inline void arch_kunmap_local_brief(const void *addr)
{
	if (asi_enabled())
		asi_kunmap_brief(addr);
}

static inline bool arch_is_kmap_local_addr(unsigned long addr)
{
	return asi_enabled() && asi_is_window(addr);
}
#else
static inline bool asi_has_window(void) { return false; }
static inline void asi_inherit_local(struct pg_table *pgt) { }
static inline void asi_free_local(struct pg_table *pgt) { }
#endif

#endif /* _ASM_X86_ASI_WINDOW_H */
