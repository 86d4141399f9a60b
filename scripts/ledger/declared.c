// SPDX-License-Identifier: GPL-2.0
/* Which declaration a name belongs to, as far as one file can tell. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

static bool at(const struct text *text, int i, const char *s)
{
	return i >= 0 && tok_is(&text->tok[i], s);
}

static bool at_one_of(const struct text *text, int i, const char *chars)
{
	return i >= 0 && text->tok[i].len == 1 &&
	       strchr(chars, *text->tok[i].s);
}

/* Words that may stand before a name that they do not declare. */
static bool is_keyword(const struct text *text, int i)
{
	static const char * const keywords[] = {
		"return", "goto", "case", "else", "sizeof", "do", "typeof",
		"in", "defined", "define", "undef", "if", "ifdef", "ifndef",
	};
	size_t n;

	for (n = 0; n < ARRAY_SIZE(keywords); n++)
		if (at(text, i, keywords[n]))
			return true;
	return false;
}

static bool is_qualifier(const struct text *text, int i)
{
	static const char * const qualifiers[] = {
		"const", "volatile", "static", "extern", "register",
		"__iomem", "__rcu", "__user", "__percpu", "__maybe_unused",
		"__initdata", "__read_mostly", "__ro_after_init", "restrict",
		"__ref", "__refdata", "__iommu", "asmlinkage", "__restrict",
	};
	size_t n;

	for (n = 0; n < ARRAY_SIZE(qualifiers); n++)
		if (at(text, i, qualifiers[n]))
			return true;
	return false;
}

static char *type_at(const struct text *text, int i)
{
	return strndup(text->tok[i].s, text->tok[i].len);
}

/* The type of the declaration whose later declarator follows the comma. */
static char *type_before_comma(const struct text *text, int comma)
{
	int up = text->tok[comma].up, i = comma, first = comma;

	if (at_one_of(text, up, "("))
		return NULL;	/* arguments; parameters have their own type */
	while ((i = prev_code(text, i)) >= 0 && i > up &&
	       text->tok[i].directive == text->tok[comma].directive) {
		if (text->tok[i].up == up && at_one_of(text, i, ";}"))
			break;
		first = i;
	}
	while (is_qualifier(text, first))
		first = next_code(text, first);
	if (at(text, first, "struct") || at(text, first, "union"))
		first = next_code(text, first);
	i = next_code(text, first);
	if (first < 0 || i < 0 || !is_word(&text->tok[first]) ||
	    is_keyword(text, first) ||
	    !(is_word(&text->tok[i]) || at_one_of(text, i, "*")))
		return NULL;
	return type_at(text, first);
}

static bool same_word(const struct token *tok, const char *s, int len)
{
	return tok->len == len && !strncmp(tok->s, s, len);
}

/* The type, if the token at @i is that name in a declaration of it. */
static char *declares(const struct text *text, int i, const char *name,
		      int len)
{
	int next, p;

	if (text->tok[i].where != IN_CODE ||
	    !same_word(&text->tok[i], name, len))
		return NULL;
	next = next_code(text, i);
	p = prev_code(text, i);
	if (!at_one_of(text, next, ";,=)[:") &&
	    !(next >= 0 && text->tok[next].s[0] == '_' &&
	      text->tok[next].s[1] == '_'))
		return NULL;
	while (at_one_of(text, p, "*") || is_qualifier(text, p))
		p = prev_code(text, p);
	if (p < 0 || text->tok[p].directive != text->tok[i].directive)
		return NULL;
	if (at_one_of(text, p, ","))
		return type_before_comma(text, p);
	if (at_one_of(text, p, ")")) {
		int f = prev_code(text, text->tok[p].match < 0 ? 0 :
				  text->tok[p].match);

		return at(text, f, "typeof") || at(text, f, "__typeof__") ?
		       strdup("typeof") : NULL;
	}
	if (!is_word(&text->tok[p]) || is_keyword(text, p))
		return NULL;
	return type_at(text, p);
}

/*
 * The type of the variable @name as the code at @i sees it: the nearest
 * declaration before it in the same function, else one of the file.
 */
static char *declared(const struct text *text, int i, const char *name,
		      int len, bool later_too)
{
	char *type = NULL;
	int lo, hi, j;

	chunk(text, i, &lo, &hi);
	for (j = i; j >= lo && !type; j--)
		type = declares(text, j, name, len);
	for (j = i; later_too && j < hi && !type; j++)
		type = declares(text, j, name, len);
	for (j = 0; j < text->nr && !type; j++)
		if (text->tok[j].up < 0 && !text->tok[j].directive)
			type = declares(text, j, name, len);
	return type;
}

/* "struct T x[]={", "(struct T){", "T x={": T, or NULL. */
static char *type_of_initialiser(const char *base)
{
	const char *end = base + strlen(base) - 1, *s;
	size_t len;

	if (end > base && end[-1] == ')') {
		for (s = end - 1; s > base && s[-1] != '('; s--)
			;
		if (!strncmp(s, "struct ", 7))
			s += 7;
	} else {
		s = strstr(base, "struct ");
		if (!s)
			return NULL;
		s += 7;
	}
	for (len = 0; isalnum((unsigned char)s[len]) || s[len] == '_'; len++)
		;
	return len ? strndup(s, len) : NULL;
}

/* The type of the base expression of the member at @i, or NULL. */
char *type_of(const struct text *text, int i, const char *base)
{
	size_t len = strlen(base), n;

	if (len && base[len - 1] == '{')
		return type_of_initialiser(base);
	if (!strcmp(base, "__entry"))
		return strdup(base);	/* of a trace event, see struct_around() */
	if (!strncmp(base, "struct ", 7) && !strpbrk(base, ",.("))
		return strdup(base + 7);	/* offsetof(struct T, ...) */
	while (len > 2 && *base == '(' && base[len - 1] == ')') {
		base++;
		len -= 2;
	}
	for (n = 0; n < len; n++)
		if (!isalnum((unsigned char)base[n]) && base[n] != '_')
			break;
	if (n < len && base[n] == '[') {	/* an element, not a part of one */
		for (len = n; base[n] && base[n] != ']'; n++)
			;
		if (base[n] && base[n + 1])
			return NULL;
	} else if (n < len) {
		return NULL;
	}
	return len ? declared(text, i, base, len, false) : NULL;
}

/* How we know that the word at @i stands for itself, or NULL. */
const char *name_evidence(const struct text *text, int i)
{
	const struct token *tok = &text->tok[i];
	int next = next_code(text, i), lo, hi, j;
	char *type;

	if (text->lang == LANG_ASM)
		return "assembly";
	if (at_one_of(text, next, "("))
		return "call";
	lo = prev_code(text, i);
	if (at(text, lo, "struct") || at(text, lo, "union"))
		return "tag";
	chunk(text, i, &lo, &hi);
	if (tok->directive && at(text, next_code(text, lo), "define")) {
		int open = next_code(text, next_code(text, next_code(text,
								     lo)));

		if (open >= 0 && at_one_of(text, open, "(") &&
		    text->tok[open].s == text->tok[open - 1].s +
					 text->tok[open - 1].len)
			for (j = open + 1; j < text->tok[open].match; j++)
				if (same_word(&text->tok[j], tok->s, tok->len))
					return "macro parameter";
	}
	type = declared(text, i, tok->s, tok->len, true);
	free(type);
	return type ? "declared" : NULL;
}
