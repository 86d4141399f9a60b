// SPDX-License-Identifier: GPL-2.0
/*
 * Macros that the series defines: the syntax tree shows where they are used only, so
 * their bodies are changed as a whole.
 */
#include <ctype.h>
#include <string.h>
#include "mutate.h"

static size_t word_end(const char *text, size_t at)
{
	while (isalnum(text[at]) || text[at] == '_')
		at++;
	return at;
}

static size_t body_end(const char *text, size_t at)
{
	while (text[at] && (text[at] != '\n' || text[at - 1] == '\\'))
		at++;
	return at;
}

void mutate_macros(struct source *s)
{
	static const char define[] = "#define";
	const char *at = s->text;
	struct part name, body;
	bool call;

	while ((at = strstr(at, define))) {
		name.begin = at - s->text + strlen(define);
		while (isblank(s->text[name.begin]))
			name.begin++;
		name.end = word_end(s->text, name.begin);
		at = s->text + name.end;
		body.begin = name.end;
		call = s->text[name.end] == '(';
		if (call)
			body.begin += strcspn(at, ")") + 1;
		body.end = body_end(s->text, body.begin);
		while (isspace(s->text[body.begin]) || s->text[body.begin] == '\\')
			body.begin++;
		if (body.begin >= body.end)
			continue;
		s->function = str_printf("%.*s", (int)(name.end - name.begin),
					 s->text + name.begin);
		emit(s, call ? "delete" : "constant", body, "0");
		emit(s, "constant", body, "1");
	}
}
