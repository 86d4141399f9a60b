// SPDX-License-Identifier: GPL-2.0
/*
 * One file of the kernel: its tokens, which know whether they are code, comment, string or
 * documentation; the brackets around them; and, in C, the declarations and member
 * expressions that they are part of.
 *
 * No byte that may be part of a word is skipped, so that a hit cannot hide: the caller
 * compares the number of lines with git grep's. No include is read and no macro is expanded,
 * so every branch of every #if is seen. Where that is not enough, the caller gets NULL and
 * asks the tables.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

const char * const fields[NR_FIELDS] = {
	"pgd", "page_table_lock", "pgtables_bytes", "pmd_huge_pte",
};

struct lexer {
	struct text *text;
	const char *p, *end, *start_of_line;
	int line;
	int directive, directives;
	enum where where;
	char quote;		/* the open string's, or 0 */
	bool line_comment;
	char asm_comment;
	bool blank;		/* only blanks so far in this line */
};

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool tok_is(const struct token *tok, const char *s)
{
	return !strncmp(tok->s, s, tok->len) && !s[tok->len];
}

int tok_field(const struct token *tok)
{
	int i;

	for (i = 0; i < NR_FIELDS; i++)
		if (tok_is(tok, fields[i]))
			return i;
	return -1;
}

/* What starts a comment that ends with the line, in an architecture's .S. */
static char asm_comment(const char *path)
{
	static const struct { const char *dir; char c; } of[] = {
		{ "arch/arm/", '@' }, { "arch/arc/", ';' },
		{ "arch/parisc/", ';' }, { "arch/sparc/", '!' },
		{ "arch/sh/", '!' }, { "arch/x86/", '#' },
		{ "arch/powerpc/", '#' }, { "arch/mips/", '#' },
		{ "arch/riscv/", '#' }, { "arch/loongarch/", '#' },
		{ "arch/xtensa/", '#' }, { "arch/s390/", '#' },
		{ "arch/alpha/", '#' },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of); i++)
		if (!strncmp(path, of[i].dir, strlen(of[i].dir)))
			return of[i].c;
	return 0;
}

static enum lang lang_of(const char *path)
{
	static const char * const c[] = { ".c", ".h", ".inc", ".cpp", ".rs",
					  ".dts", ".dtsi", ".y", ".l" };
	const char *dot = strrchr(path, '.');
	size_t i;

	if (!dot || !strncmp(path, "Documentation/", 14))
		return LANG_DOC;
	if (!strcmp(dot, ".S") || !strcmp(dot, ".lds") || !strcmp(dot, ".s"))
		return LANG_ASM;
	for (i = 0; i < ARRAY_SIZE(c); i++)
		if (!strcmp(dot, c[i]))
			return LANG_C;
	return LANG_DOC;
}

static void emit(struct lexer *lx, int len)
{
	struct text *text = lx->text;
	struct token *tok;
	int i;

	text->tok = grow(text->tok, text->nr, sizeof(*tok));
	tok = &text->tok[text->nr++];
	*tok = (struct token) {
		.s = lx->p, .len = len, .line = lx->line, .up = -1,
		.match = -1, .where = lx->where, .hash = 5381 + lx->where,
		.directive = lx->where == IN_DOC ? 0 : lx->directive,
		.col0 = lx->p == lx->start_of_line,
	};
	for (i = 0; i < len; i++)
		tok->hash = tok->hash * 33 ^ (unsigned char)tok->s[i];
	lx->p += len;
	lx->blank = false;
}

/* Returns false at the end of the text. */
static bool skip_blanks(struct lexer *lx)
{
	for (; lx->p < lx->end; lx->p++) {
		if (*lx->p == '\\' && lx->p + 1 < lx->end &&
		    lx->p[1] == '\n') {
			lx->p++;	/* the directive, string or // goes on */
			lx->line++;
			lx->start_of_line = lx->p + 1;
			continue;
		}
		if (*lx->p == '\n') {
			lx->line++;
			lx->start_of_line = lx->p + 1;
			lx->blank = true;
			lx->quote = 0;
			if (lx->line_comment || lx->where == IN_STRING)
				lx->where = IN_CODE;
			lx->line_comment = false;
			if (lx->where == IN_CODE)
				lx->directive = 0;
			continue;
		}
		if (!isspace((unsigned char)*lx->p))
			return true;
	}
	return false;
}

static void code(struct lexer *lx)
{
	const char *p = lx->p;
	char next = p + 1 < lx->end ? p[1] : 0;

	if (*p == '/' && (next == '*' || next == '/')) {
		lx->where = IN_COMMENT;
		lx->line_comment = next == '/';
		emit(lx, 2);
	} else if (lx->text->lang == LANG_ASM && *p == lx->asm_comment &&
		   !(*p == '#' && (lx->blank || lx->directive))) {
		lx->where = IN_COMMENT;
		lx->line_comment = true;
		emit(lx, 1);
	} else if (*p == '"' || (*p == '\'' && lx->text->lang == LANG_C)) {
		lx->where = IN_STRING;
		lx->quote = *p;
		emit(lx, 1);
	} else if (*p == '#' && lx->blank && !lx->directive) {
		lx->directive = ++lx->directives;
		emit(lx, 1);
	} else if (*p == '-' && next == '>') {
		emit(lx, 2);
	} else {
		emit(lx, 1);
	}
}

static void text_char(struct lexer *lx)
{
	const char *p = lx->p;
	char next = p + 1 < lx->end ? p[1] : 0;

	if (lx->where == IN_COMMENT && !lx->line_comment && *p == '*' &&
	    next == '/') {
		emit(lx, 2);
		lx->where = IN_CODE;
	} else if (lx->where == IN_STRING && *p == '\\' && next) {
		emit(lx, next == lx->quote || next == '\\' ? 2 : 1);
	} else if (lx->where == IN_STRING && *p == lx->quote) {
		emit(lx, 1);
		lx->where = IN_CODE;
		lx->quote = 0;
	} else {
		emit(lx, *p == '-' && next == '>' ? 2 : 1);
	}
}

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
static void scope(struct text *text)
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

void lex(struct text *text, const char *path)
{
	struct lexer lx = {
		.text = text, .p = text->buf, .end = text->buf + text->size,
		.start_of_line = text->buf, .line = 1, .blank = true,
		.asm_comment = asm_comment(path),
	};

	text->lang = lang_of(path);
	if (text->lang == LANG_DOC)
		lx.where = IN_DOC;
	while (skip_blanks(&lx)) {
		if (word_char(*lx.p)) {
			int len = 1;

			while (lx.p + len < lx.end && word_char(lx.p[len]))
				len++;
			emit(&lx, len);
		} else if (lx.where == IN_CODE) {
			code(&lx);
		} else {
			text_char(&lx);
		}
	}
	scope(text);
}

/* The source line of the token, without the blanks around it. */
char *line_of(const struct text *text, int i)
{
	const char *s = text->tok[i].s, *end = s;

	while (s > text->buf && s[-1] != '\n')
		s--;
	while (end < text->buf + text->size && *end != '\n')
		end++;
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	return strndup(s, end - s);
}

void lex_free(struct text *text)
{
	free(text->buf);
	free(text->tok);
	*text = (struct text) { 0 };
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

static bool at_any(const struct text *text, int i, const char * const *words)
{
	for (; *words; words++)
		if (at(text, i, *words))
			return true;
	return false;
}

/* Words that may stand before a name that they do not declare. */
static bool is_keyword(const struct text *text, int i)
{
	static const char * const keywords[] = {
		"return", "goto", "case", "else", "sizeof", "do", "typeof",
		"in", "defined", "define", "undef", "if", "ifdef", "ifndef",
		NULL,
	};

	return at_any(text, i, keywords);
}

static bool is_qualifier(const struct text *text, int i)
{
	static const char * const qualifiers[] = {
		"const", "volatile", "static", "extern", "register",
		"__iomem", "__rcu", "__user", "__percpu", "__maybe_unused",
		"__initdata", "__read_mostly", "__ro_after_init", "restrict",
		"__ref", "__refdata", "__iommu", "asmlinkage", "__restrict",
		NULL,
	};

	return at_any(text, i, qualifiers);
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
	return copy(text, first);
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
	return copy(text, p);
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
