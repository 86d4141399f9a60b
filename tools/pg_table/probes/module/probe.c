// SPDX-License-Identifier: GPL-2.0
/* A module that reads the root of its loader; modinfo tells the spelling. */
#include <linux/module.h>
#include <linux/sched.h>

#include "mm_root.h"

static int __init probe_init(void)
{
	pr_info("root %p by mm->" MM_ROOT_PATH "\n", mm_root(current->mm));
	return 0;
}

static void __exit probe_exit(void)
{
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_INFO(mm_root, MM_ROOT_PATH);
MODULE_DESCRIPTION("finds the root of a page table before and after the split");
MODULE_LICENSE("GPL");
