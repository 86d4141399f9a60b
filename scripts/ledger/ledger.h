/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: every textual hit of the fields that leave struct mm_struct, in
 * one class each, derived from the stock tree and the commits of the series.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "util.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum lang { LANG_C, LANG_ASM, LANG_DOC };
enum where { IN_CODE, IN_COMMENT, IN_STRING, IN_DOC };

/* A word, "->" or one other character that is not a blank. */
struct token {
	const char *s;
	int len;
	int line;
	int up;			/* innermost open bracket around it, or -1 */
	int match;		/* the other bracket of the pair, or -1 */
	int directive;		/* number of its preprocessor directive, or 0 */
	uint32_t hash;
	uint8_t where;
	bool col0;
};

/* One version of one file. */
struct text {
	char *buf;
	size_t size;
	struct token *tok;
	int nr;
	enum lang lang;
};

struct step {
	char *name;
	char *commit;
	bool cocci;
	char **files;		/* sorted paths that the step touches */
	int nr_files;
};

enum class { CONVERTED, BY_HAND, COMMENT, OTHER, NAME, UNCLASSIFIED,
	     NR_CLASSES };

struct hit {
	struct text *text;	/* the stock version */
	const char *path;
	int tok;
	int field;
	int occurrence;		/* the how manyeth hit of its line */
	int step;		/* that changed it, or -1 */
	int reworded;		/* step whose text around it names the object */
	enum class class;
	char *detail;		/* when unclassified: why */
};

/* A row of a table: up to four cells. */
struct rule {
	char *cell[4];
	void *reg;		/* its compiled cell, once it is needed */
	bool used;
};

struct table {
	struct rule *rule;
	int nr;
};

/* git.c */
void git_open(const char *dir);
char *git_blob(const char *commit, const char *path, size_t *size);
void git_touched(struct step *step, const char *from);
void git_close(void);

/* parse.c */
extern const char * const fields[];
enum { NR_FIELDS = 4 };
void lex(struct text *text, const char *path);
char *line_of(const struct text *text, int i);
void lex_free(struct text *text);
bool tok_is(const struct token *tok, const char *s);
int tok_field(const struct token *tok);
int prev_code(const struct text *text, int i);
int next_code(const struct text *text, int i);
bool is_word(const struct token *tok);
char *struct_around(const struct text *text, int i);
char *base_of(const struct text *text, int i);
char *type_of(const struct text *text, int i, const char *base);
char *call_before(const struct text *text, int i);
const char *name_evidence(const struct text *text, int i);
void chunk(const struct text *text, int i, int *lo, int *hi);

/* align.c */
int *align(const struct text *from, const struct text *to);

/* tables.c */
void table_read(struct table *table, const char *path, int cells);
bool rule_globs(const struct rule *rule, int cell, const char *s);
bool rule_matches(struct rule *rule, int cell, const char *s);
void table_free(struct table *table);

/* follow.c */
void follow(struct text *stock, const char *path, struct hit *hit, int nr,
	    struct step *step, int nr_steps);

/* classify.c */
void members_add(char *tag, int field);
void members_free(void);
void classify(struct hit *hit, struct step *step, struct table *other,
	      struct table *by_hand);

/* ladder.c */
int ladder(char **argv);

#endif
