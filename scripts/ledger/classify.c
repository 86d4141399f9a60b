// SPDX-License-Identifier: GPL-2.0
/* One class for each hit, with what it rests on. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

enum { LOCK = 1 };	/* index of page_table_lock in fields[] */

/*
 * Which struct has a member of that name: where it is declared is a hit, so the files with
 * hits hold every answer.
 */
static struct member {
	char *tag;
	int field;
} *members;
static int nr_members;

static bool members_have(const char *tag, int field)
{
	int i;

	for (i = 0; i < nr_members; i++)
		if (members[i].field == field && !strcmp(members[i].tag, tag))
			return true;
	return false;
}

/* Takes the string over. */
void members_add(char *tag, int field)
{
	if (members_have(tag, field)) {
		free(tag);
		return;
	}
	members = grow(members, nr_members, sizeof(*members));
	members[nr_members++] = (struct member) { tag, field };
}

void members_free(void)
{
	while (nr_members)
		free(members[--nr_members].tag);
	free(members);
}

static bool touching(const struct token *a, const struct token *b)
{
	return a->s + a->len == b->s;
}

/*
 * Does this comment, string or document speak of the field that moves? It
 * does if it spells a member, names the lock (now mm->pgt.lock), has the word
 * mm_struct in its line or the line before, or sits in struct mm_struct.
 */
static bool speaks_of_field(const struct hit *hit)
{
	const struct token *tok = hit->text->tok;
	int i = hit->tok, j;
	char *name;
	bool inside;

	if (hit->field == LOCK)
		return true;
	if (i > 0 && touching(&tok[i - 1], &tok[i])) {
		if (tok_is(&tok[i - 1], "->"))
			return true;
		/* Not the dot of a section or of "...": a member has a base. */
		if (i > 1 && tok_is(&tok[i - 1], ".") &&
		    touching(&tok[i - 2], &tok[i - 1]) &&
		    (is_word(&tok[i - 2]) || strchr(")]}", *tok[i - 2].s)))
			return true;
	}
	for (j = i; j >= 0 && tok[j].line >= tok[i].line - 1; j--)
		if (tok_is(&tok[j], "mm_struct") && tok[j].where == tok[i].where)
			return true;
	for (j = i; j < hit->text->nr && tok[j].line == tok[i].line; j++)
		if (tok_is(&tok[j], "mm_struct") && tok[j].where == tok[i].where)
			return true;
	if (hit->text->lang != LANG_C)
		return false;
	/* The scope of a comment is that of the code that follows it. */
	j = next_code(hit->text, i);
	name = j < 0 ? NULL : struct_around(hit->text, j);
	inside = name && !strcmp(name, "mm_struct");
	free(name);
	return inside;
}

static void set(struct hit *hit, enum class class, const char *detail)
{
	free(hit->detail);
	hit->class = class;
	hit->detail = strdup(detail);
}

static void classify_changed(struct hit *hit, const struct step *step,
			     struct table *by_hand)
{
	int i;

	if (step->cocci) {
		set(hit, CONVERTED, step->name);
		return;
	}
	for (i = 0; i < by_hand->nr; i++) {
		struct rule *rule = &by_hand->rule[i];

		if (!rule_globs(rule, 1, step->name) ||
		    !rule_globs(rule, 2, hit->path))
			continue;
		rule->used = true;
		hit->class = BY_HAND;
		hit->detail = str_printf("%s %s", step->name, rule->cell[0]);
		return;
	}
	hit->detail = str_printf("changed by hand in step %s without a reason in cocci/ledger/by-hand",
				 step->name);
}

static void classify_text(struct hit *hit, struct step *step,
			  struct table *other, struct table *by_hand)
{
	char *line;
	int i;

	if (!speaks_of_field(hit)) {
		set(hit, COMMENT, hit->text->tok[hit->tok].where == IN_STRING ?
		    "string" : hit->text->tok[hit->tok].where == IN_DOC ?
		    "document" : "comment");
		return;
	}
	if (hit->reworded >= 0) {
		classify_changed(hit, &step[hit->reworded], by_hand);
		return;
	}
	line = line_of(hit->text, hit->tok);
	for (i = 0; i < other->nr; i++) {
		struct rule *rule = &other->rule[i];

		if (strncmp(rule->cell[2], "text: ", 6) ||
		    !rule_globs(rule, 0, hit->path) ||
		    !rule_matches(rule, 1, line))
			continue;
		rule->used = true;
		set(hit, COMMENT, rule->cell[2] + 6);
		break;
	}
	free(line);
	if (i == other->nr)
		set(hit, UNCLASSIFIED,
		    "this text still has the old spelling");
}

/* mm, foo_mm, (mm), &mm and x->mm are never another struct. */
static bool is_mm(const char *base)
{
	size_t len = strlen(base);

	while (len && base[len - 1] == ')')
		len--;
	if (len < 2 || strncmp(base + len - 2, "mm", 2))
		return false;
	return len == 2 || (!isalnum((unsigned char)base[len - 3]));
}

/* Ask the table: a row names a struct, or says "name: " and a reason. */
static bool ask(struct hit *hit, const char *base, struct table *other)
{
	int i;

	for (i = 0; i < other->nr; i++) {
		struct rule *rule = &other->rule[i];

		if (!strncmp(rule->cell[2], "text: ", 6) ||
		    !rule_globs(rule, 0, hit->path) ||
		    !rule_matches(rule, 1, base))
			continue;
		rule->used = true;
		if (!strncmp(rule->cell[2], "name: ", 6)) {
			set(hit, NAME, rule->cell[2] + 6);
			return true;
		}
		if (members_have(rule->cell[2], hit->field)) {
			set(hit, OTHER, rule->cell[2]);
			return true;
		}
		free(hit->detail);
		hit->detail = str_printf("cocci/ledger/other says struct %s, which has no such member",
					 rule->cell[2]);
	}
	return false;
}

static void classify_member(struct hit *hit, const char *base,
			    struct table *other)
{
	char *type;

	if (is_mm(base) || strstr(base, "mm_struct")) {
		set(hit, UNCLASSIFIED, "the mm's field, not converted");
		return;
	}
	type = type_of(hit->text, hit->tok, base);
	if (type && !strcmp(type, "mm_struct")) {
		set(hit, UNCLASSIFIED, "the mm's field, not converted");
	} else if (type && members_have(type, hit->field)) {
		set(hit, OTHER, type);
	} else if (!ask(hit, base, other) && !hit->detail) {
		hit->detail = str_printf("a member of %s%s%s, for which cocci/ledger/other has no row",
					 base, type ? ", a " : "",
					 type ? type : "");
	}
	free(type);
}

static void classify_name(struct hit *hit, struct table *other)
{
	char *owner = struct_around(hit->text, hit->tok);
	const char *evidence = name_evidence(hit->text, hit->tok);
	char *call = call_before(hit->text, hit->tok);

	if (owner && !strcmp(owner, "mm_struct"))
		set(hit, UNCLASSIFIED, "still declared by struct mm_struct");
	else if (evidence)
		set(hit, NAME, evidence);
	else if (!call || !ask(hit, call, other))
		set(hit, UNCLASSIFIED, "nothing in this file declares it");
	if (hit->class == NAME && owner && *owner) {
		free(hit->detail);
		hit->detail = str_printf("member of %s", owner);
	}
	free(call);
	free(owner);
}

void classify(struct hit *hit, struct step *step, struct table *other,
	      struct table *by_hand)
{
	const struct token *tok = &hit->text->tok[hit->tok];
	char *base;

	hit->class = UNCLASSIFIED;
	hit->detail = NULL;
	if (hit->step >= 0) {
		classify_changed(hit, &step[hit->step], by_hand);
		return;
	}
	if (tok->where != IN_CODE) {
		classify_text(hit, step, other, by_hand);
		return;
	}
	if (hit->text->lang == LANG_ASM) {
		/* No member access here, but a comment the lexer missed. */
		if (hit->tok && tok_is(&tok[-1], "->"))
			classify_text(hit, step, other, by_hand);
		else
			classify_name(hit, other);
		return;
	}
	base = base_of(hit->text, hit->tok);
	if (base)
		classify_member(hit, base, other);
	else
		classify_name(hit, other);
	free(base);
}
