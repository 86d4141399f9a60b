// SPDX-License-Identifier: GPL-2.0
/*
 * Brackets, declarations and member expressions of C code, from tokens alone:
 * no include is read and no macro is expanded, so every branch of every #if is
 * seen. Where that is not enough, the caller gets NULL and asks the tables.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

enum { DEPTH = 512 };

int prev_code(const struct text *text, int i)
{
	while (--i >= 0)
		if (text->tok[i].where == IN_CODE)
			return i;
	return -1;
}

int next_code(const struct text *text, int i)
{
	while (++i < text->nr)
		if (text->tok[i].where == IN_CODE)
			return i;
	return -1;
}

static bool at(const struct text *text, int i, const char *s)
{
	return i >= 0 && tok_is(&text->tok[i], s);
}

static bool at_one_of(const struct text *text, int i, const char *chars)
{
	return i >= 0 && text->tok[i].len == 1 &&
	       strchr(chars, *text->tok[i].s);
}

bool is_word(const struct token *tok)
{
	return isalpha((unsigned char)*tok->s) || *tok->s == '_';
}

static bool at_word(const struct text *text, int i)
{
	return i >= 0 && is_word(&text->tok[i]);
}

/* Pair the brackets. The branches of an #if all start at the same depth. */
void scope(struct text *text)
{
	int stack[DEPTH], saved[DEPTH], depth = 0, nr_saved = 0;
	int directive = 0, base = 0, i;

	if (text->lang == LANG_DOC)
		return;
	for (i = 0; i < text->nr; i++) {
		struct token *tok = &text->tok[i];

		if (tok->where != IN_CODE)
			continue;
		if (tok->directive != directive) {
			int word = next_code(text, i);

			if (directive)
				depth = base;
			directive = tok->directive;
			if (directive && nr_saved < DEPTH &&
			    (at(text, word, "if") || at(text, word, "ifdef") ||
			     at(text, word, "ifndef")))
				saved[nr_saved++] = depth;
			else if (directive && nr_saved &&
				 (at(text, word, "else") ||
				  at(text, word, "elif")))
				depth = saved[nr_saved - 1];
			else if (directive && nr_saved &&
				 at(text, word, "endif"))
				nr_saved--;
			base = directive ? depth : 0;
		}
		/*
		 * A brace in column 0 repairs what an #if has unbalanced,
		 * unless it ends an initialiser.
		 */
		if (tok->col0 && !directive && depth) {
			if (*tok->s == '}' &&
			    !at(text, prev_code(text, stack[depth - 1]), "="))
				depth = 1;
			else if (*tok->s == '{' && at_one_of(text, stack[0], "("))
				depth = 0;
		}
		if (at_one_of(text, i, ")]}")) {
			if (depth > base) {
				tok->match = stack[--depth];
				text->tok[tok->match].match = i;
			}
		}
		tok->up = depth > base ? stack[depth - 1] : -1;
		if (at_one_of(text, i, "([{") && depth < DEPTH)
			stack[depth++] = i;
	}
}

/* The tokens of the directive, or of the function or declaration, around. */
void chunk(const struct text *text, int i, int *lo, int *hi)
{
	const struct token *tok = text->tok;
	int directive = tok[i].directive;

	*lo = i;
	*hi = i;
	if (directive) {
		while (*lo > 0 && tok[*lo - 1].directive == directive)
			--*lo;
		while (*hi < text->nr && tok[*hi].directive == directive)
			++*hi;
		return;
	}
	while (*lo > 0 && !(tok[*lo - 1].where == IN_CODE &&
			    !tok[*lo - 1].directive && tok[*lo - 1].up < 0 &&
			    at_one_of(text, *lo - 1, ";}")))
		--*lo;
	while (*hi < text->nr && !(tok[*hi].where == IN_CODE &&
				   !tok[*hi].directive && tok[*hi].up < 0 &&
				   at_one_of(text, *hi, ";}")))
		++*hi;
}

static char *copy(const struct text *text, int i)
{
	return strndup(text->tok[i].s, text->tok[i].len);
}

/* The tag, typedef or variable that names the struct whose body opens here. */
static char *struct_name(const struct text *text, int open)
{
	int i, n, back = prev_code(text, open);

	for (n = 0, i = back; n < 8 && i >= 0; n++, i = prev_code(text, i)) {
		if (at_one_of(text, i, ";{}=,()*"))
			return NULL;
		if (at(text, i, "struct") || at(text, i, "union"))
			break;
	}
	if (n == 8 || i < 0)
		return NULL;
	if (i != back)
		return copy(text, next_code(text, i));
	i = text->tok[open].match;
	while (i >= 0 && (i = next_code(text, i)) >= 0 &&
	       !at_one_of(text, i, ";,=[{")) {
		if (at(text, i, "__attribute__") || at(text, i, "__aligned") ||
		    at(text, i, "__packed") || at_one_of(text, i, "()*"))
			continue;
		if (at_word(text, i))
			return copy(text, i);
	}
	return strdup("");
}

/*
 * The name of the struct that declares the member at @i: of the outermost
 * struct with a tag, else what a typedef or variable calls it.
 */
char *struct_around(const struct text *text, int i)
{
	char *name = NULL;
	bool tagged = false;

	for (i = text->tok[i].up; i >= 0; i = text->tok[i].up) {
		int before = prev_code(text, i);
		char *outer;

		if (at_one_of(text, i, "(") && at(text, before, "__field"))
			return strdup("__entry");
		if (!at_one_of(text, i, "{"))
			continue;
		outer = struct_name(text, i);
		if (!outer)
			break;
		if (tagged || (name && !*outer)) {
			free(outer);
			continue;
		}
		free(name);
		name = outer;
		tagged = *name && !at(text, before, "struct") &&
			 !at(text, before, "union");
	}
	return name;
}

/* The start of the postfix expression that ends at @i. */
static int postfix_start(const struct text *text, int i)
{
	for (;;) {
		int before;

		if (at_one_of(text, i, ")]")) {
			bool call = at_one_of(text, i, ")");
			int open = text->tok[i].match;

			if (open < 0)
				return i;
			before = prev_code(text, open);
			if (at_word(text, before) &&
			    !at(text, before, "return") &&
			    !at(text, before, "if") &&
			    !at(text, before, "while"))
				i = before;
			else if (!call && at_one_of(text, before, ")]"))
				i = before;
			else
				return open;
			if (!at_word(text, i))
				continue;
		}
		before = prev_code(text, i);
		if (!at(text, before, "->") && !at(text, before, "."))
			return i;
		i = prev_code(text, before);
		if (i < 0 || (!at_word(text, i) && !at_one_of(text, i, ")]")))
			return before;
	}
}

static char *join(const struct text *text, int from, int to)
{
	size_t size = 0, room = 1;
	char *s;
	int i;

	for (i = from; i <= to; i++)
		room += text->tok[i].len + 1;
	s = malloc(room);
	for (i = from; s && i <= to; i++) {
		if (text->tok[i].where != IN_CODE)
			continue;
		if (size && is_word(&text->tok[i]) &&
		    (isalnum((unsigned char)s[size - 1]) ||
		     s[size - 1] == '_'))
			s[size++] = ' ';
		memcpy(s + size, text->tok[i].s, text->tok[i].len);
		size += text->tok[i].len;
	}
	if (!s)
		die("out of memory for", "an expression", "free some");
	s[size] = '\0';
	return s;
}

/*
 * What the member at @i is a member of, or NULL if it stands alone: an
 * expression, the head of the initialiser, or the arguments before the member
 * argument of offsetof() and its like.
 */
char *base_of(const struct text *text, int i)
{
	static const char * const takes_member[] = {
		"offsetof", "offsetofend", "OFFSET", "container_of",
		"sizeof_field", "typeof_member", "OFFSETOF", "DEFINE",
		"MEMBER_OFFSET", "struct_group", "field_sizeof",
	};
	int op = prev_code(text, i), up = text->tok[i].up, from, call, lo, hi;
	size_t n;

	if (op >= 0 && text->tok[op].directive != text->tok[i].directive)
		return NULL;
	if (at(text, op, "->") || at(text, op, ".")) {
		int end = prev_code(text, op);

		if (at_word(text, end) || at_one_of(text, end, ")]"))
			return join(text, postfix_start(text, end), end);
		if (up < 0)
			return strdup("");
		/* A designated initialiser: back to its statement's start. */
		chunk(text, i, &lo, &hi);
		for (from = up; from > lo; from--)
			if (text->tok[from - 1].where == IN_CODE &&
			    at_one_of(text, from - 1, ";{}"))
				break;
		return join(text, from, up);
	}
	if (!at(text, op, ",") || !at_one_of(text, up, "("))
		return NULL;
	call = prev_code(text, up);
	for (n = 0; n < ARRAY_SIZE(takes_member); n++)
		if (at(text, call, takes_member[n]))
			return join(text, next_code(text, up),
				    prev_code(text, op));
	for (from = up + 1; from < op; from++)
		if (at(text, from, "mm_struct"))
			return join(text, from, prev_code(text, op));
	return NULL;
}

/* The macro call up to the argument at @i, "CALL(ARGUMENT,", or NULL. */
char *call_before(const struct text *text, int i)
{
	int up = text->tok[i].up, call = up < 0 ? -1 : prev_code(text, up);

	if (!at_one_of(text, up, "(") || !at_word(text, call))
		return NULL;
	return join(text, call, prev_code(text, i));
}
