// SPDX-License-Identifier: GPL-2.0
/* The tab-separated tables: "#" comments, globs and regular expressions. */
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

void table_read(struct table *table, const char *path, int cells)
{
	char *buf = slurp(path), *line, *save = NULL;

	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct rule *rule;
		char *cell[4];
		int i;

		if (*line == '#' || !line[strspn(line, " \t")])
			continue;
		if (split(line, '\t', cell, cells) != cells)
			die("a row with too few cells in", path,
			    "read its first lines");
		table->rule = grow(table->rule, table->nr, sizeof(*rule));
		rule = &table->rule[table->nr++];
		*rule = (struct rule) { 0 };
		for (i = 0; i < cells; i++)
			rule->cell[i] = strdup(cell[i]);
	}
	free(buf);
}

/* "*" also matches "/", so that one row can name a directory. */
bool rule_globs(const struct rule *rule, int cell, const char *s)
{
	return !fnmatch(rule->cell[cell], s, 0);
}

/* The whole of @s must match. */
bool rule_matches(struct rule *rule, int cell, const char *s)
{
	if (!rule->reg) {
		char *whole = str_printf("^(%s)$", rule->cell[cell]);
		regex_t *reg = malloc(sizeof(*reg));

		if (!reg || regcomp(reg, whole, REG_EXTENDED | REG_NOSUB))
			die("not an extended regular expression:",
			    rule->cell[cell], "correct that row");
		rule->reg = reg;
		free(whole);
	}
	return !regexec(rule->reg, s, 0, NULL, 0);
}

void table_free(struct table *table)
{
	int i, n;

	for (i = 0; i < table->nr; i++) {
		for (n = 0; n < 4; n++)
			free(table->rule[i].cell[n]);
		if (table->rule[i].reg)
			regfree(table->rule[i].reg);
		free(table->rule[i].reg);
	}
	free(table->rule);
}
