// SPDX-License-Identifier: GPL-2.0
/*
 * Put every use of a function of the page-table ladder in a class: given a
 * table, comment, name (not called here), other (with a reason), unclassified.
 *
 * ledger ladder TREE COMMIT NAMES FILES OTHER RESULT: NAMES is the extended regular
 * expression that the semantic patch has, FILES the files with a hit, OTHER
 * the table of reasons. Exits with 1 when a use is left unclassified.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

enum use { TABLE, REMARK, NAMED, ELSE, UNKNOWN, NR_USES };

static const char * const use_name[NR_USES] = {
	"table", "comment", "name", "other", "unclassified",
};

static int total[NR_USES];

static bool is_name(regex_t *names, const struct token *tok)
{
	char word[64];

	if (tok->len >= (int)sizeof(word))
		return false;
	memcpy(word, tok->s, tok->len);
	word[tok->len] = '\0';
	return !regexec(names, word, 0, NULL, 0);
}

/* Does the first argument, from the bracket at @i on, say that it is a table? */
static bool takes_table(const struct text *text, int i)
{
	static const char * const words[] = {
		"pgt", "PGT", "NULL", "__VA_ARGS__", "pg_table",
	};
	int end = text->tok[i].match;
	size_t w;

	for (i++; i < end; i++) {
		const struct token *tok = &text->tok[i];

		if (tok_is(tok, "("))
			i = tok->match;
		else if (tok_is(tok, ","))
			return false;
		for (w = 0; w < ARRAY_SIZE(words); w++)
			if (tok_is(tok, words[w]))
				return true;
	}
	return false;
}

static enum use use_of(const struct text *text, int i, const char *path,
		       struct table *other)
{
	const struct token *tok = &text->tok[i];
	const struct token *next = i + 1 < text->nr ? tok + 1 : NULL;
	enum use use = UNKNOWN;
	char *line;
	int r;

	if (tok->where != IN_CODE)
		return REMARK;
	if (!next || !tok_is(next, "("))
		return NAMED;
	if (next->match > 0 && takes_table(text, i + 1))
		return TABLE;
	line = line_of(text, i);
	for (r = 0; r < other->nr && use == UNKNOWN; r++)
		if (rule_globs(&other->rule[r], 0, path) &&
		    rule_matches(&other->rule[r], 1, line))
			use = ELSE;
	if (use == UNKNOWN)
		printf("| %s:%d: %s\n", path, tok->line, line);
	free(line);
	return use;
}

static void one_file(const char *commit, const char *path, regex_t *names,
		     struct table *other, FILE *result)
{
	struct text text = { 0 };
	int i;

	text.buf = git_blob(commit, path, &text.size);
	if (!text.buf)
		die("not in the tree:", path, "run: make tree");
	lex(&text, path);
	for (i = 0; i < text.nr; i++) {
		const struct token *tok = &text.tok[i];
		enum use use;

		if (!is_name(names, tok))
			continue;
		use = use_of(&text, i, path, other);
		total[use]++;
		fprintf(result, "%s\t%d\t%.*s\t%s\n", path, tok->line, tok->len,
			tok->s, use_name[use]);
	}
	lex_free(&text);
}

int ladder(char **argv)
{
	struct table other = { 0 };
	char path[4096], *whole;
	FILE *files, *result;
	regex_t names;
	int i;

	whole = str_printf("^(%s)$", argv[3]);
	if (regcomp(&names, whole, REG_EXTENDED | REG_NOSUB))
		die("not an extended regular expression:", argv[3],
		    "correct the semantic patch");
	files = fopen(argv[4], "r");
	result = fopen(argv[6], "w");
	if (!files || !result)
		die("cannot open", files ? argv[6] : argv[4], "run: make tree");
	table_read(&other, argv[5], 3);
	git_open(argv[1]);
	while (fgets(path, sizeof(path), files)) {
		path[strcspn(path, "\n")] = '\0';
		one_file(argv[2], path, &names, &other, result);
	}
	git_close();
	fclose(files);
	if (fclose(result))
		die("cannot write", argv[6], "look at the disk");
	printf("|");
	for (i = 0; i < NR_USES; i++)
		printf("%s %d %s", i ? "," : "", total[i], use_name[i]);
	printf("\n");
	table_free(&other);
	regfree(&names);
	free(whole);
	return total[UNKNOWN] != 0;
}
