// SPDX-License-Identifier: GPL-2.0
/// Spell the page-table fields of struct mm_struct as members of mm->pgt.
//
// What: mm->pgd, mm->pgtables_bytes and mm->pmd_huge_pte become mm->pgt.pgd
// and so on; mm->page_table_lock becomes mm->pgt.lock.
//
// Why: the fields leave mm_struct for struct pg_table. Other structures have
// fields with the same names (mm_walk, cpa_data, kvm_arch, ptdesc, iommu
// domains), which must not change.
//
// spatch knows the types of local variables and parameters. Without headers,
// it does not know those of globals, members and macro arguments, so the rules
// list them: every member named mm, active_mm or vm_mm is a struct mm_struct *,
// and so is every macro argument named mm.
//
// Confidence: High
// Comments: run on each file by itself; spatch finds other uses when files are
//	grouped. What it cannot reach (code behind a computed label, a macro
//	that does not parse) is converted by hand, see cocci/ledger.
// Options: --no-includes --macro-file macros.h
// Files: (\.|->)[[:space:]]*(pgd|page_table_lock|pgtables_bytes|pmd_huge_pte)\b|mm_struct, *pgd
// Converted: pgt\.(pgd|lock|pgtables_bytes|pmd_huge_pte)

virtual patch

@fields depends on patch@
struct mm_struct *M;
struct mm_struct S;
expression E;
identifier F =~ "^(pgd|pgtables_bytes|pmd_huge_pte)$";
@@
(
  \( M \| mm \| (mm) \| init_mm \| current_mm \)->
- F
+ pgt.F
|
  \( E->mm \| E.mm \| E->active_mm \| (E->active_mm) \| E->vm_mm \)->
- F
+ pgt.F
|
  this_cpu_read(cpu_tlbstate.loaded_mm)->
- F
+ pgt.F
|
  \( S \| init_mm \| efi_mm \| tboot_mm \| E.gpa_mm \).
- F
+ pgt.F
)

@lock depends on patch@
struct mm_struct *M;
struct mm_struct S;
expression E;
@@
(
  \( M \| mm \| (mm) \| E->mm \| E.mm \| pgd_page_get_mm(E) \)->
- page_table_lock
+ pgt.lock
|
  \( S \| init_mm \| efi_mm \| tboot_mm \).
- page_table_lock
+ pgt.lock
)

@offset depends on patch@
identifier F =~ "^(pgd|pgtables_bytes|pmd_huge_pte)$";
expression E;
@@
(
  offsetof(struct mm_struct,
- F
+ pgt.F
  )
|
  OFFSET(E, mm_struct,
- F
+ pgt.F
  )
)

@init depends on patch@
identifier I;
identifier F =~ "^(pgd|pgtables_bytes|pmd_huge_pte)$";
expression X;
@@
  struct mm_struct I = {
-	.F = X,
+	.pgt.F = X,
  };

@init_lock depends on patch@
identifier I;
expression X;
@@
  struct mm_struct I = {
-	.page_table_lock = X,
+	.pgt.lock = X,
  };
