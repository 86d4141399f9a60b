// SPDX-License-Identifier: GPL-2.0
/* Memory, files and cells; errors in the rig's one form. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

void die(const char *cause, const char *what, const char *next)
{
	fflush(stdout);
	fprintf(stderr, "error: %s %s; %s\n", cause, what, next);
	exit(2);
}

/* Room for one more element; the capacity is the next power of two. */
void *grow(void *array, int nr, size_t size)
{
	if (nr & (nr - 1) || (nr && nr < 16))
		return array;
	array = realloc(array, (nr < 16 ? 16 : 2 * (size_t)nr) * size);
	if (!array)
		die("out of memory for", "a table", "free some and run again");
	return array;
}

char *str_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory for", fmt, "free some and run again");
	va_end(ap);
	return s;
}

char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t size = 0, cap = 1 << 16, n;
	char *buf = malloc(cap);

	if (!f)
		die("cannot read", path, "run: make tree");
	while (buf && (n = fread(buf + size, 1, cap - size - 1, f)) > 0) {
		size += n;
		if (cap - size < 2)
			buf = realloc(buf, cap *= 2);
	}
	if (!buf)
		die("out of memory for", path, "free some and run again");
	buf[size] = '\0';
	fclose(f);
	return buf;
}

/* Cut @line at runs of @sep; the last cell keeps the rest. */
int split(char *line, char sep, char **cell, int max)
{
	int nr = 0;

	while (nr < max) {
		cell[nr++] = line;
		line = nr < max ? strchr(line, sep) : NULL;
		if (!line)
			break;
		while (*line == sep)
			*line++ = '\0';
	}
	return nr;
}
