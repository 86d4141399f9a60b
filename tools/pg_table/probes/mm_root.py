# SPDX-License-Identifier: GPL-2.0
"""The root of a page table in drgn, before and after the split.

In a drgn script:

    from mm_root import mm_root
    root = mm_root(find_task(pid).mm)

Without a kernel to debug, "python3 mm_root.py FILE" prints the path and the
offset that the debugging information of FILE (vmlinux or an object) has.
"""

import sys

from drgn import Object, Program


def mm_root(mm):
    """The pgd_t * of a struct mm_struct or of a pointer to one."""
    try:
        return mm.pgt.pgd
    except AttributeError:
        # Not yet split. A struct with neither spelling raises again.
        return mm.pgd


if __name__ == "__main__":
    prog = Program()
    prog.load_debug_info([sys.argv[1]])
    # At address 0 the address of a member is its offset.
    mm = Object(prog, "struct mm_struct", address=0)
    try:
        root = mm_root(mm)
    except AttributeError as e:
        sys.exit(f"error: {e}")
    path = "pgt.pgd" if prog.type("struct mm_struct").has_member("pgt") else "pgd"
    print(f"mm->{path} {root.address_}")
