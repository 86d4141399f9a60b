// SPDX-License-Identifier: GPL-2.0
/* The text of a mutant: which lines may change, what it is called, and the change itself. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mutate.h"

/* What was printed; the same change is one mutant, whichever operator finds it first. */
struct mutant {
	struct part part;
	char *replacement;
	const char *function;
	char *text;
};

static struct mutant *mutants;
static size_t nr_mutants;
static bool *added;	/* by line, from 1 on */
static size_t nr_lines;

/* The hunk headers of "git diff -U0" name the lines that were added. */
void read_added(struct source *s)
{
	unsigned long first, count;
	char *line = NULL, *plus;
	size_t size = 0, i;

	for (i = 0; i < s->size; i++)
		nr_lines += s->text[i] == '\n';
	added = calloc(nr_lines + 2, sizeof(*added));
	while (getline(&line, &size, stdin) > 0) {
		plus = strncmp(line, "@@ ", 3) ? NULL : strchr(line, '+');
		if (!plus)
			continue;
		first = strtoul(plus, &plus, 10);
		count = *plus == ',' ? strtoul(plus + 1, NULL, 10) : 1;
		if (first + count > nr_lines + 1)
			die("the diff is not of", s->path, "diff against the tree that is mutated");
		while (count--)
			added[first + count] = true;
	}
	free(line);
}

static size_t line_of(const struct source *s, size_t offset)
{
	size_t line = 1, i;

	for (i = 0; i < offset; i++)
		line += s->text[i] == '\n';
	return line;
}

/* One blank for what separates words, none at the ends. */
static char *squeeze(const char *text, size_t size)
{
	char *to = malloc(size + 1), *end = to;
	size_t i;

	for (i = 0; i < size; i++) {
		if (text[i] != '\\' && !isspace(text[i]))
			*end++ = text[i];
		else if (text[i] == '\\' && text[i + 1] != '\n')
			*end++ = text[i];
		else if (end > to && end[-1] != ' ')
			*end++ = ' ';
	}
	while (end > to && end[-1] == ' ')
		end--;
	*end = 0;
	return to;
}

char *squeezed(const struct source *s, struct part p)
{
	return squeeze(s->text + p.begin, p.end - p.begin);
}

/* Part of a macro's arguments is no part of a mutant. */
static bool balanced(const char *text, size_t size)
{
	int depth = 0;
	size_t i;
	char c;

	for (i = 0; i < size && depth >= 0; i++) {
		c = text[i];
		if (c == '"' || c == '\'')
			while (++i < size && text[i] != c)
				i += text[i] == '\\';
		else if (strchr("([{", c))
			depth++;
		else if (strchr(")]}", c))
			depth--;
	}
	return depth == 0;
}

static uint64_t hash(uint64_t seed, const char *text)
{
	/* FNV-1a, and the finish of splitmix64. */
	for (seed ^= 0xcbf29ce484222325; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 0x100000001b3;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111eb;
	return seed ^ seed >> 31;
}

/* The characters around it, without blanks; a newline at both ends of the text. */
void around(const struct source *s, struct part p, char *before, char *behind)
{
	while (p.begin && isspace(s->text[p.begin - 1]))
		p.begin--;
	while (p.end < s->size && isspace(s->text[p.end]))
		p.end++;
	*before = p.begin ? s->text[p.begin - 1] : '\n';
	*behind = p.end < s->size ? s->text[p.end] : '\n';
}

bool is_mutant(const char *op, struct part p)
{
	size_t i;

	for (i = 0; i < nr_mutants; i++)
		if (mutants[i].part.begin == p.begin && mutants[i].part.end == p.end &&
		    !strncmp(mutants[i].text, op, strlen(op)))
			return true;
	return false;
}

/*
 * A mutant is known by its function, its operator, and the lines before and after: so
 * it is found again when lines move. Equal ones of a function are numbered.
 */
void emit(struct source *s, const char *op, struct part p, const char *replacement)
{
	size_t from = p.begin, to = p.end, line = line_of(s, p.begin), i;
	char *before, *after, *changed, *text;
	unsigned int equal = 1;
	struct mutant *m;

	if (!added[line] || !balanced(s->text + p.begin, p.end - p.begin))
		return;
	replacement = squeeze(replacement, strlen(replacement));
	for (i = 0, m = mutants; i < nr_mutants; i++, m++)
		if (m->part.begin == p.begin && m->part.end == p.end &&
		    !strcmp(m->replacement, replacement))
			return;
	while (from && s->text[from - 1] != '\n')
		from--;
	while (to < s->size && s->text[to] != '\n')
		to++;
	before = squeezed(s, (struct part){ from, to });
	changed = str_printf("%.*s%s%.*s", (int)(p.begin - from), s->text + from, replacement,
			     (int)(to - p.end), s->text + p.end);
	after = squeeze(changed, strlen(changed));
	if (!strcmp(before, after))
		return;
	text = str_printf("%s %s => %s", op, before, after);
	for (i = 0, m = mutants; i < nr_mutants; i++, m++)
		equal += !strcmp(m->text, text) && !strcmp(m->function, s->function);
	mutants = grow(mutants, nr_mutants, sizeof(*mutants));
	mutants[nr_mutants++] = (struct mutant) {
		.part = p, .replacement = (char *)replacement,
		.function = strdup(s->function), .text = text,
	};
	text += strlen(op) + 1;
	if (equal > 1)
		text = str_printf("%s #%u", text, equal);
	printf("%016lx\t%s\t%zu\t%s\t%s\t%s\t%zu,%zu\t%s\n",
	       (unsigned long)hash(s->seed, str_printf("%s %s %s %s", s->path, s->function,
						       op, text)),
	       s->path, line, s->function, op, text, p.begin, p.end - p.begin, replacement);
}

/* The lines behind it keep their numbers, which WARN() puts into the object. */
void apply(const struct source *s, struct part p, const char *replacement)
{
	size_t i;

	if (p.end > s->size || p.begin > p.end)
		die("the mutant is not of", s->path, "list the mutants of this file again");
	fwrite(s->text, 1, p.begin, stdout);
	fputs(replacement, stdout);
	for (i = p.begin; i < p.end; i++)
		if (s->text[i] == '\n')
			putchar('\n');
	fwrite(s->text + p.end, 1, s->size - p.end, stdout);
}
