// SPDX-License-Identifier: GPL-2.0
/*
 * Cut a file into tokens that know whether they are code, comment, string or
 * documentation. No byte that may be part of a word is skipped, so that a hit
 * cannot hide: the caller compares the number of lines with git grep's.
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
