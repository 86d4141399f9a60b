// SPDX-License-Identifier: GPL-2.0
/// Give the functions of the page-table ladder a table instead of an mm.
//
// What: the functions that allocate, link, lock, count and free page-table
// pages take a struct pg_table *, and their callers pass &mm->pgt. A function
// that needs more of the mm than its table gets the mm from pg_table_mm().
//
// Why: page tables without an mm are built by the same functions as those of
// processes.
//
// The functions are selected by name, which is safe because all of them took an
// mm as their first argument, and nothing but an mm. The list has the ladder of
// mm/, its locks and its accounting, then the helpers of x86, Xen, s390 and
// powerpc that only these functions call. It is the same in every rule. On some
// architectures or kernels, a few of them take one argument, which is not an mm
// (G below). Macros are left alone: they pass on what they are given.
//
// Confidence: High
// Comments: run on each file by itself, see mm_pgt_fields.
// Options: --no-includes --macro-file macros.h
// Files: \b((pgd|p4d|pud|pmd|pte)_(alloc|free|populate)|(__)?pgd_alloc_noprof|__(p4d|pud|pmd|pte)_alloc|(__)?(p4d|pud|pmd|pte)_alloc_one(_kernel)?(_noprof)?|(p4d|pud|pmd)_alloc_track|(pgd|p4d|pud|pmd)_populate(_kernel)?_safe|pmd_populate_kernel|pmd_install|pte_(free_kernel|free_defer|alloc_huge)|__p[4u]d_free|__?pgd_(alloc|free)|pagetable_(pte|pmd)_ctor|pte_alloc_map(_lock)?|(__)?pte_offset_map_((rw_|ro_)?no)?lock|(pte|ptep|pmd|pud)_lockptr|(pmd|pud)_lock|(mm|pg_table)_(inc|dec)_nr_(ptes|pmds|puds)|(mm|pg_table)_(p4d|pud|pmd)_folded|(__)?paravirt_pgd_alloc|paravirt_pgd_free|paravirt_alloc_(pte|pmd|pud|p4d)|xen_pgd_(alloc|free)|xen_alloc_(pte|pmd|pud|p4d|ptpage)(_init)?|pgd_ctor|pgd_(mop_up_pmds|prepopulate_pmd|prepopulate_user_pmd)|mop_up_one_pmd|free_pmds|preallocate_pmds|crst_table_(alloc|free)(_noprof)?|page_table_(alloc|free|alloc_pgste)(_noprof)?|get_pointer_table|pgtable_gfp_flags|radix__pgd_(alloc|free)|(pte|pmd)_fragment_alloc|get_(pte|pmd)_from_cache|__alloc_for_(pte|pmd)cache)[[:space:]]*\(|^struct pv_mmu_ops
// Converted: \b[a-z0-9_]+ *\((NULL|__VA_ARGS__|(&[^,]*(->|\.))?pgt|struct pg_table)\b

virtual patch

@call depends on patch@
identifier F =~ "^((pgd|p4d|pud|pmd|pte)_(alloc|free|populate)|(__)?pgd_alloc_noprof|__(p4d|pud|pmd|pte)_alloc|(__)?(p4d|pud|pmd|pte)_alloc_one(_kernel)?(_noprof)?|(p4d|pud|pmd)_alloc_track|(pgd|p4d|pud|pmd)_populate(_kernel)?_safe|pmd_populate_kernel|pmd_install|pte_(free_kernel|free_defer|alloc_huge)|__p[4u]d_free|__?pgd_(alloc|free)|pagetable_(pte|pmd)_ctor|pte_alloc_map(_lock)?|(__)?pte_offset_map_((rw_|ro_)?no)?lock|(pte|ptep|pmd|pud)_lockptr|(pmd|pud)_lock|(mm|pg_table)_(inc|dec)_nr_(ptes|pmds|puds)|(mm|pg_table)_(p4d|pud|pmd)_folded|(__)?paravirt_pgd_alloc|paravirt_pgd_free|paravirt_alloc_(pte|pmd|pud|p4d)|xen_pgd_(alloc|free)|xen_alloc_(pte|pmd|pud|p4d|ptpage)(_init)?|pgd_ctor|pgd_(mop_up_pmds|prepopulate_pmd|prepopulate_user_pmd)|mop_up_one_pmd|free_pmds|preallocate_pmds|crst_table_(alloc|free)(_noprof)?|page_table_(alloc|free|alloc_pgste)(_noprof)?|get_pointer_table|pgtable_gfp_flags|radix__pgd_(alloc|free)|(pte|pmd)_fragment_alloc|get_(pte|pmd)_from_cache|__alloc_for_(pte|pmd)cache)$";
identifier G =~ "^(__pud_free|__?pgd_free|pagetable_(pte|pmd)_ctor|get_pointer_table)$";
expression E;
@@
(
  F(NULL, ...)
|
  F(__VA_ARGS__)
|
  G(E)
|
  F(&E->pgt, ...)
|
  F(&E.pgt, ...)
|
  F(pgt, ...)
|
  F(
-   &E
+   &E.pgt
    , ...)
|
  F(
-   E
+   &E->pgt
    , ...)
)

@def depends on patch@
identifier F =~ "^((pgd|p4d|pud|pmd|pte)_(alloc|free|populate)|(__)?pgd_alloc_noprof|__(p4d|pud|pmd|pte)_alloc|(__)?(p4d|pud|pmd|pte)_alloc_one(_kernel)?(_noprof)?|(p4d|pud|pmd)_alloc_track|(pgd|p4d|pud|pmd)_populate(_kernel)?_safe|pmd_populate_kernel|pmd_install|pte_(free_kernel|free_defer|alloc_huge)|__p[4u]d_free|__?pgd_(alloc|free)|pagetable_(pte|pmd)_ctor|pte_alloc_map(_lock)?|(__)?pte_offset_map_((rw_|ro_)?no)?lock|(pte|ptep|pmd|pud)_lockptr|(pmd|pud)_lock|(mm|pg_table)_(inc|dec)_nr_(ptes|pmds|puds)|(mm|pg_table)_(p4d|pud|pmd)_folded|(__)?paravirt_pgd_alloc|paravirt_pgd_free|paravirt_alloc_(pte|pmd|pud|p4d)|xen_pgd_(alloc|free)|xen_alloc_(pte|pmd|pud|p4d|ptpage)(_init)?|pgd_ctor|pgd_(mop_up_pmds|prepopulate_pmd|prepopulate_user_pmd)|mop_up_one_pmd|free_pmds|preallocate_pmds|crst_table_(alloc|free)(_noprof)?|page_table_(alloc|free|alloc_pgste)(_noprof)?|get_pointer_table|pgtable_gfp_flags|radix__pgd_(alloc|free)|(pte|pmd)_fragment_alloc|get_(pte|pmd)_from_cache|__alloc_for_(pte|pmd)cache)$";
identifier M;
@@
  F(struct mm_struct *M, ...) { ... }

@guard depends on patch@
identifier def.F, def.M;
@@
  F(struct mm_struct *M, ...) {
  <...
- M && M != &init_mm
+ pgt && pgt != &init_mm.pgt
  ...>
  }

@body depends on patch@
identifier def.F, def.M;
identifier X;
expression E;
@@
  F(struct mm_struct *M, ...) {
  <...
(
- &M->pgt
+ pgt
|
- M->pgt.X
+ pgt->X
|
- M == &init_mm
+ pgt == &init_mm.pgt
|
- M != &init_mm
+ pgt != &init_mm.pgt
|
  PVOP_CALL1(...,
- M
+ pgt
  )
|
  PVOP_VCALL2(...,
- M
+ pgt
  , E)
|
- M
+ pg_table_mm(pgt)
)
  ...>
  }

@sig depends on patch@
identifier def.F, def.M;
@@
  F(
-   struct mm_struct *M
+   struct pg_table *pgt
    , ...) { ... }

@proto depends on patch@
identifier F =~ "^((pgd|p4d|pud|pmd|pte)_(alloc|free|populate)|(__)?pgd_alloc_noprof|__(p4d|pud|pmd|pte)_alloc|(__)?(p4d|pud|pmd|pte)_alloc_one(_kernel)?(_noprof)?|(p4d|pud|pmd)_alloc_track|(pgd|p4d|pud|pmd)_populate(_kernel)?_safe|pmd_populate_kernel|pmd_install|pte_(free_kernel|free_defer|alloc_huge)|__p[4u]d_free|__?pgd_(alloc|free)|pagetable_(pte|pmd)_ctor|pte_alloc_map(_lock)?|(__)?pte_offset_map_((rw_|ro_)?no)?lock|(pte|ptep|pmd|pud)_lockptr|(pmd|pud)_lock|(mm|pg_table)_(inc|dec)_nr_(ptes|pmds|puds)|(mm|pg_table)_(p4d|pud|pmd)_folded|(__)?paravirt_pgd_alloc|paravirt_pgd_free|paravirt_alloc_(pte|pmd|pud|p4d)|xen_pgd_(alloc|free)|xen_alloc_(pte|pmd|pud|p4d|ptpage)(_init)?|pgd_ctor|pgd_(mop_up_pmds|prepopulate_pmd|prepopulate_user_pmd)|mop_up_one_pmd|free_pmds|preallocate_pmds|crst_table_(alloc|free)(_noprof)?|page_table_(alloc|free|alloc_pgste)(_noprof)?|get_pointer_table|pgtable_gfp_flags|radix__pgd_(alloc|free)|(pte|pmd)_fragment_alloc|get_(pte|pmd)_from_cache|__alloc_for_(pte|pmd)cache)$";
identifier M;
type T;
@@
  T F(
-   struct mm_struct *M
+   struct pg_table *pgt
    , ...);

@proto_unnamed depends on patch@
identifier F =~ "^((pgd|p4d|pud|pmd|pte)_(alloc|free|populate)|(__)?pgd_alloc_noprof|__(p4d|pud|pmd|pte)_alloc|(__)?(p4d|pud|pmd|pte)_alloc_one(_kernel)?(_noprof)?|(p4d|pud|pmd)_alloc_track|(pgd|p4d|pud|pmd)_populate(_kernel)?_safe|pmd_populate_kernel|pmd_install|pte_(free_kernel|free_defer|alloc_huge)|__p[4u]d_free|__?pgd_(alloc|free)|pagetable_(pte|pmd)_ctor|pte_alloc_map(_lock)?|(__)?pte_offset_map_((rw_|ro_)?no)?lock|(pte|ptep|pmd|pud)_lockptr|(pmd|pud)_lock|(mm|pg_table)_(inc|dec)_nr_(ptes|pmds|puds)|(mm|pg_table)_(p4d|pud|pmd)_folded|(__)?paravirt_pgd_alloc|paravirt_pgd_free|paravirt_alloc_(pte|pmd|pud|p4d)|xen_pgd_(alloc|free)|xen_alloc_(pte|pmd|pud|p4d|ptpage)(_init)?|pgd_ctor|pgd_(mop_up_pmds|prepopulate_pmd|prepopulate_user_pmd)|mop_up_one_pmd|free_pmds|preallocate_pmds|crst_table_(alloc|free)(_noprof)?|page_table_(alloc|free|alloc_pgste)(_noprof)?|get_pointer_table|pgtable_gfp_flags|radix__pgd_(alloc|free)|(pte|pmd)_fragment_alloc|get_(pte|pmd)_from_cache|__alloc_for_(pte|pmd)cache)$";
type T;
@@
  T F(
-   struct mm_struct *
+   struct pg_table *
    , ...);

@hook depends on patch@
identifier H =~ "^(pgd_(alloc|free)|alloc_(pte|pmd|pud|p4d))$";
identifier M;
type T;
attribute name __no_randomize_layout;
@@
  struct pv_mmu_ops {
  ...
  T (*H)(
-   struct mm_struct *M
+   struct pg_table *pgt
    , ...);
  ...
  };
