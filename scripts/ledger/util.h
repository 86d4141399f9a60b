/* SPDX-License-Identifier: GPL-2.0 */
/* Memory, files and cells, for the programs of the rig. */
#ifndef UTIL_H
#define UTIL_H

#include <stddef.h>

void die(const char *cause, const char *what, const char *next)
	__attribute__((noreturn));
void *grow(void *array, int nr, size_t size);
char *str_printf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
char *slurp(const char *path);
int split(char *line, char sep, char **cell, int max);

#endif
