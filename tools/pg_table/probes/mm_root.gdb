# SPDX-License-Identifier: GPL-2.0
# gdb commands for the root of a page table, before and after the split of
# struct pg_table from struct mm_struct. No Python, so that a minimal gdb serves.
#
#	gdb -x mm_root.gdb vmlinux
#	(gdb) mm_root &init_mm
#
# ptype/o lists the members of all depths; grep has to read them all (no -q), or
# gdb has a broken pipe. An if body is not evaluated unless it is taken: the other
# spelling may be unknown to this kernel.

define mm_root
	pipe ptype/o struct mm_struct | grep ' pgt;' >/dev/null
	if $_shell_exitcode == 0
		printf "mm->pgt.pgd "
		print &($arg0)->pgt.pgd
	else
		printf "mm->pgd "
		print &($arg0)->pgd
	end
end

document mm_root
mm_root MM: where the mm_struct MM has its root; $ becomes the pgd_t **.
The argument has no blanks.
end
