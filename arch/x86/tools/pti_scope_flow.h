/* SPDX-License-Identifier: GPL-2.0 */
/* Following all paths. */
#ifndef PTI_SCOPE_FLOW_H
#define PTI_SCOPE_FLOW_H

#include <stdbool.h>

void follow_all(void);

/* The number of instructions that run on user mode's table, and of writes of CR3. */
extern int nr_on_user_table, nr_switches;

/* Print each such instruction. */
extern bool list;

#endif
