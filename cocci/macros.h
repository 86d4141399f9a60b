/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Definitions that spatch uses instead of the kernel's own, for macros whose
 * users do not parse otherwise. Only the shape matters.
 */

/* A designated initialiser and its comma. */
#define MMAP_LOCK_INITIALIZER(name) .mmap_lock = 0,
#define CPU_BITMASK_INITIALIZER .cpu_bitmap = 0,
