#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The ledger of the ladder, and what it must find.

. "$(dirname "$0")/../lib.sh"
. "$top/scripts/tests/tap.sh"

check "the committed ledger of the ladder holds" "$top/scripts/ledger/ladder.sh"

d=$build/test/ladder
rm -rf "$d"
mkdir -p "$d/tree" "$d/tables"
cp "$top/cocci/ledger/ladder-other" "$d/tables"
cat >"$d/tree/good.c" <<'EOF'
/* pte_alloc(mm, pmd) in a comment */
int pud_lock(struct pg_table *pgt, pud_t *pud);
static void good(struct mm_struct *mm, struct mmu_gather *tlb)
{
	pte_alloc(&mm->pgt, pmd_of(mm, 0));
	pte_free(&(tlb)->mm->pgt, pte_alloc_one(&init_mm.pgt));
	ops.pgd_alloc = pgd_alloc;
	pte_free(NULL, 0);
}
EOF
git -C "$d/tree" init -q

# uses: what ladder.sh says of the tree.
uses()
{
	git -C "$d/tree" add -A
	rm -f "$d/tables/ladder-$KERNEL.tsv"
	# shellcheck disable=SC2097,SC2098
	UPDATE=1 "$top/scripts/ledger/ladder.sh" "$d/tree" "$(git -C "$d/tree" write-tree)" \
		"$d/tables" >"$d/said" 2>&1
}

if uses; then
	check "uses with a table, a comment and names are told apart" \
		grep -qx '| 5 table, 1 comment, 2 name, 0 other, 0 unclassified' "$d/said"
else
	fail "a converted file passes" "$(tail -n 1 "$d/said")"
fi
for bad in 'pte_alloc(mm, pmd);' 'pud_lock(vma->vm_mm,' 'pmd_populate(mm, pmd, pgt);' \
	'if (!pagetable_pte_ctor(mm, ptdesc))' 'int pmd_alloc(struct mm_struct *mm);' 'pte_free(table_of(pgt), 0);'; do
	printf 'line one\n%s\n' "$bad" >"$d/tree/bad.c"
	if uses; then
		fail "an unconverted use is found: $bad" "it passed"
	else
		check "an unconverted use is found: $bad" \
			grep -qxF "| bad.c:2: $bad" "$d/said"
	fi
done

# A copy of the committed ledger with one class flipped.
cp "$top"/cocci/ledger/ladder-* "$d/tables"
sed '0,/\ttable$/s/\ttable$/\tname/' "$top/cocci/ledger/ladder-$KERNEL.tsv" \
	>"$d/tables/ladder-$KERNEL.tsv"
if "$top/scripts/ledger/ladder.sh" "$linux" HEAD "$d/tables" >"$d/said" 2>&1; then
	fail "a flipped entry is found" "it passed"
else
	check "a flipped entry is found" grep -q '^| committed: .*	name$' "$d/said"
fi
finish
