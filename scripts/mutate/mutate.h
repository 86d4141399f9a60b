/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <clang-c/Index.h>
#include "../ledger/util.h"

/* The file that is mutated, and the function that is being looked at. */
struct source {
	const char *path;	/* as in the table of mutants */
	char *text;
	size_t size;
	unsigned long seed;
	const char *function;
};

/* A part of the text, from begin up to end. */
struct part {
	size_t begin;
	size_t end;
};

/* text.c */
char *squeezed(const struct source *s, struct part p);
void around(const struct source *s, struct part p, char *before, char *behind);
void read_added(struct source *s);
bool is_mutant(const char *op, struct part p);
void emit(struct source *s, const char *op, struct part p, const char *replacement);
void apply(const struct source *s, struct part p, const char *replacement);

/* operators.c */
void mutate_code(struct source *s, CXTranslationUnit unit, CXFile file);

/* macros.c */
void mutate_macros(struct source *s);

#endif
