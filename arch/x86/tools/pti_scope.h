/* SPDX-License-Identifier: GPL-2.0 */
/* Errors, reports and exceptions, and what all parts share. */
#ifndef PTI_SCOPE_H
#define PTI_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include "pti_scope_elf.h"

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

void __printf(2, 3) complain(const char *next, const char *cause, ...);

/* Print an error and exit. */
#define die(...) do { complain(__VA_ARGS__); exit(2); } while (0)

void *grow(void *array, int nr, size_t size);

enum reference { MEMORY, REGISTER, STACK, POINTER, SEGMENT, GOES, GOES_ANYWHERE, RETURNS };

enum patched { ALWAYS, NEVER, MAYBE };

enum patched is_patched(const struct alternative *alt);
bool kernel_only(const char *name);
bool from_msr(u64 address, bool stack_of_user);
bool excused(u64 at, enum reference kind, const char *target, bool from_kernel);
void violation(u64 at, enum reference kind, const char *target);

#endif
