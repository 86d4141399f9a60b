// SPDX-License-Identifier: GPL-2.0
/* Follow each hit through the commits to the first step that changes it. */
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

/* Does the part of the line around @i, of the same kind, name the object? */
static bool text_names_object(const struct text *text, int i)
{
	const struct token *tok = text->tok;
	int j = i;

	if (tok[i].where != IN_COMMENT && tok[i].where != IN_DOC)
		return false;
	while (j > 0 && tok[j - 1].line == tok[i].line &&
	       tok[j - 1].where == tok[i].where)
		j--;
	for (; j < text->nr && tok[j].line == tok[i].line &&
	     tok[j].where == tok[i].where; j++)
		if (tok_is(&tok[j], "pgt") || tok_is(&tok[j], "pg_table"))
			return true;
	return false;
}

/* Spelled as a part of the object: pgt.FIELD, or in .pgt = { .FIELD = ... }. */
static bool in_object(const struct text *text, int i)
{
	const struct token *tok = text->tok;
	int up;

	if (i > 1 && tok_is(&tok[i - 1], ".") && tok_is(&tok[i - 2], "pgt") &&
	    tok[i - 1].where == tok[i].where)
		return true;
	if (tok[i].where != IN_CODE || i < 1 || !tok_is(&tok[i - 1], "."))
		return false;
	for (up = tok[i].up; up > 0 && tok_is(&tok[up], "{");
	     up = tok[up].up) {
		int eq = prev_code(text, up), name = prev_code(text, eq);

		if (eq > 0 && name > 0 && tok_is(&tok[eq], "=") &&
		    tok_is(&tok[name], "pgt"))
			return true;
	}
	return false;
}

/* Declared by the object's struct, after it was one of struct mm_struct's. */
static bool moved(const struct text *old, int i, const struct text *new, int j)
{
	char *from, *to;
	bool changed;

	if (old->tok[i].where != IN_CODE || old->lang != LANG_C)
		return false;
	from = struct_around(old, i);
	to = struct_around(new, j);
	changed = from && to && !strcmp(from, "mm_struct") &&
		  !strcmp(to, "pg_table");
	free(from);
	free(to);
	return changed;
}

static bool touches(const struct step *step, const char *path)
{
	int lo = 0, hi = step->nr_files;

	while (lo < hi) {
		int mid = (lo + hi) / 2, order = strcmp(step->files[mid], path);

		if (!order)
			return true;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

void follow(struct text *stock, const char *path, struct hit *hit, int nr,
	    struct step *step, int nr_steps)
{
	struct text *old = stock, version[2] = { 0 };
	int *at = malloc((nr + 1) * sizeof(*at)), s, i;

	if (!at)
		die("out of memory for", path, "free some");
	for (i = 0; i < nr; i++) {
		at[i] = hit[i].tok;
		hit[i].step = -1;
		hit[i].reworded = -1;
	}
	for (s = 0; s < nr_steps; s++) {
		struct text *new = &version[old == &version[0]];
		int *map;

		if (!touches(&step[s], path))
			continue;
		new->buf = git_blob(step[s].commit, path, &new->size);
		if (!new->buf) {	/* deleted or renamed */
			new->buf = strdup("");
			new->size = 0;
		}
		lex(new, path);
		map = align(old, new);
		for (i = 0; i < nr; i++) {
			int to;

			if (at[i] < 0)
				continue;
			to = map[at[i]];
			if (hit[i].step < 0 &&
			    (to < 0 ||
			     (!in_object(old, at[i]) && in_object(new, to)) ||
			     moved(old, at[i], new, to)))
				hit[i].step = s;
			if (hit[i].reworded < 0 && to >= 0 &&
			    !text_names_object(old, at[i]) &&
			    text_names_object(new, to))
				hit[i].reworded = s;
			at[i] = to;
		}
		free(map);
		if (old != stock)
			lex_free(old);
		old = new;
	}
	if (old != stock)
		lex_free(old);
	free(at);
}
