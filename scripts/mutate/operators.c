// SPDX-License-Identifier: GPL-2.0
/*
 * The operators on statements and expressions:
 *
 *	delete		a statement
 *	negate		a condition
 *	skip, drop	a branch never or always taken
 *	drop		one side of && || | & + -, the ! of an expression
 *	bound		< for <=, > for >=
 *	one		one more than an integer
 *	constant	0, another enumerator, another size, another error
 *	member		another member of the same type
 *	argument	another variable of the same type
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "mutate.h"

/* What an expression is for its parent. */
enum role { OTHER, STATEMENT, BRANCH, LOOP, OPERAND, VALUE, RETURNED, NEGATED, FIXED };

struct node {
	CXCursor cursor;
	enum CXCursorKind kind;
	struct part part;
	bool here;	/* in the file that is mutated */
	char *text;
};

struct nodes {
	struct node *node;
	unsigned int nr;
};

static struct source *source;
static CXFile target;
/* Parameters and variables of the function. */
static struct nodes locals;

static bool place(CXSourceLocation location, size_t *offset)
{
	unsigned int at;
	CXFile file;

	clang_getFileLocation(location, &file, NULL, NULL, &at);
	*offset = at;
	return file && clang_File_isEqual(file, target);
}

static void add(struct nodes *list, CXCursor cursor)
{
	CXSourceRange range = clang_getCursorExtent(cursor);
	struct node n = { .cursor = cursor, .kind = clang_getCursorKind(cursor) };

	n.here = place(clang_getRangeStart(range), &n.part.begin) &&
		 place(clang_getRangeEnd(range), &n.part.end) &&
		 n.part.begin < n.part.end && n.part.end <= source->size;
	n.text = n.here ? squeezed(source, n.part) : "";
	list->node = realloc(list->node, (list->nr + 1) * sizeof(n));
	list->node[list->nr++] = n;
}

static enum CXChildVisitResult add_child(CXCursor cursor, CXCursor parent, CXClientData list)
{
	(void)parent;
	add(list, cursor);
	return CXChildVisit_Continue;
}

static struct nodes children(CXCursor cursor)
{
	struct nodes list = { };

	clang_visitChildren(cursor, add_child, &list);
	return list;
}

static enum CXChildVisitResult add_local(CXCursor cursor, CXCursor parent, CXClientData list)
{
	enum CXCursorKind kind = clang_getCursorKind(cursor);

	(void)parent;
	if (kind == CXCursor_ParmDecl || kind == CXCursor_VarDecl)
		add(list, cursor);
	return CXChildVisit_Recurse;
}

static const char *name_of(CXCursor cursor)
{
	return clang_getCString(clang_getCursorSpelling(cursor));
}

static CXType type_of(CXCursor cursor)
{
	return clang_getCanonicalType(clang_getCursorType(cursor));
}

static bool is_integer(CXCursor cursor)
{
	enum CXTypeKind kind = type_of(cursor).kind;

	return kind >= CXType_Char_U && kind <= CXType_Int128;
}

static bool is_word(const char *text, bool capitals)
{
	if (!*text || isdigit(*text))
		return false;
	for (; *text; text++)
		if (*text != '_' && !isupper(*text) && !isdigit(*text) &&
		    (capitals || !islower(*text)))
			return false;
	return true;
}

static void change(const char *op, const struct node *n, const char *replacement)
{
	if (n->here)
		emit(source, op, n->part, replacement);
}

/* The word behind @text in a row of words that may stand for each other. */
static const char *sibling(const char *text)
{
	static const char * const rows[][6] = {
		{ "PAGE_SIZE", "PMD_SIZE", "PUD_SIZE", "P4D_SIZE", "PAGE_SIZE" },
		{ "PAGE_SHIFT", "PMD_SHIFT", "PUD_SHIFT", "PAGE_SHIFT" },
		{ "PAGE_MASK", "PMD_MASK", "PUD_MASK", "PAGE_MASK" },
		{ "PAGE_KERNEL", "PAGE_KERNEL_EXEC", "PAGE_KERNEL_RO", "PAGE_KERNEL" },
		{ "GFP_KERNEL", "GFP_PGTABLE_USER", "GFP_KERNEL" },
	};
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (j = 0; rows[i][j]; j++)
			if (!strcmp(rows[i][j], text))
				return rows[i][j + 1];
	return NULL;
}

static void other_constant(const struct node *n)
{
	const char *other = sibling(n->text);

	if (other)
		change("constant", n, other);
	else if (is_integer(n->cursor))
		change("constant", n, "0");
	else if (type_of(n->cursor).kind == CXType_Pointer)
		change("constant", n, "NULL");
}

static void other_enumerator(const struct node *n, CXCursor constant)
{
	struct nodes all = children(clang_getCursorSemanticParent(constant));
	unsigned int i;

	for (i = 0; i < all.nr; i++)
		if (clang_equalCursors(all.node[i].cursor, constant) && all.nr > 1)
			change("constant", n, name_of(all.node[(i + 1) % all.nr].cursor));
}

static void other_local(const struct node *n, CXCursor variable)
{
	unsigned int i, at = 0, found = 0;
	const struct node *other;

	while (at < locals.nr && !clang_equalCursors(locals.node[at].cursor, variable))
		at++;
	for (i = 1; i < locals.nr && at < locals.nr && found < 2; i++) {
		other = &locals.node[(at + i) % locals.nr];
		if (!strstr(other->text, name_of(other->cursor)) ||
		    !clang_equalTypes(type_of(other->cursor), type_of(variable)) ||
		    other->part.begin > n->part.begin)
			continue;
		change("argument", n, name_of(other->cursor));
		found++;
	}
}

static enum CXVisitorResult add_field(CXCursor cursor, CXClientData list)
{
	add(list, cursor);
	return CXVisit_Continue;
}

static void other_member(const struct node *n, CXCursor field)
{
	const char *name = name_of(field);
	struct nodes all = { };
	unsigned int i, at = 0;
	size_t size = strlen(name);
	struct node word = *n;
	CXCursor other;

	word.part.begin = n->part.end - size;
	if (!n->here || size > strlen(n->text) ||
	    memcmp(source->text + word.part.begin, name, size))
		return;
	clang_Type_visitFields(clang_getCursorType(clang_getCursorSemanticParent(field)),
			       add_field, &all);
	while (at < all.nr && !clang_equalCursors(all.node[at].cursor, field))
		at++;
	for (i = 1; i < all.nr && at < all.nr; i++) {
		other = all.node[(at + i) % all.nr].cursor;
		if (clang_equalTypes(type_of(other), type_of(field)) && *name_of(other)) {
			change("member", &word, name_of(other));
			return;
		}
	}
}

/* What stands between the two sides. */
static char *binary_operator(const struct nodes *sides)
{
	if (sides->nr != 2 || !sides->node[0].here || !sides->node[1].here ||
	    sides->node[0].part.end > sides->node[1].part.begin)
		return "";
	return squeezed(source, (struct part){ sides->node[0].part.end,
					       sides->node[1].part.begin });
}

/* Its negation is a mutant already. */
static bool is_condition(enum role role)
{
	return role == BRANCH || role == OPERAND || role == RETURNED || role == NEGATED;
}

static void mutate_binary(const struct node *n, const struct nodes *sides, const char *op,
			  enum role role)
{
	static const char * const bounds[][2] = {
		{ "<", "<=" }, { "<=", "<" }, { ">", ">=" }, { ">=", ">" },
	};
	const char *left = sides->node[0].text, *right = sides->node[1].text;
	struct part between = { sides->node[0].part.end, sides->node[1].part.begin };
	size_t i;

	while (isspace(source->text[between.begin]))
		between.begin++;
	between.end = between.begin + strlen(op);
	for (i = 0; i < 4; i++)
		if (!strcmp(op, bounds[i][0]))
			emit(source, "bound", between, bounds[i][1]);
	if (!strcmp(op, "==") || !strcmp(op, "!=")) {
		if (!is_condition(role))
			emit(source, "negate", between, *op == '=' ? "!=" : "==");
	} else if (!strcmp(op, "&&") || !strcmp(op, "||") || !strcmp(op, "|") ||
		   !strcmp(op, "&") || !strcmp(op, "+")) {
		change("drop", n, left);
		change("drop", n, right);
	} else if (!strcmp(op, "-") || !strcmp(op, "<<") || !strcmp(op, ">>")) {
		change("drop", n, left);
	}
}

static void mutate_integer(const struct node *n, bool plain, char before)
{
	enum CXTypeKind type = type_of(n->cursor).kind;

	if (!plain || !clang_isExpression(n->kind) || strchr(";{})e", before) ||
	    is_mutant("negate", n->part))
		return;
	/* The next address is in the next page. */
	if (type == CXType_ULong)
		change("one", n, str_printf("((%s) + PAGE_SIZE)", n->text));
	else if (type != CXType_Bool && is_integer(n->cursor))
		change("one", n, str_printf("((%s) + 1)", n->text));
}

static void mutate_role(const struct node *n, enum role role)
{
	bool plain = !isdigit(*n->text) && !is_word(n->text, true) && strncmp(n->text, "-E", 2);
	enum CXTypeKind type = type_of(n->cursor).kind;
	char before, behind;

	/* What a macro expands to is not changed: there a part is the whole call. */
	around(source, n->part, &before, &behind);
	switch (role) {
	case STATEMENT:
		if (!strchr(";{}):e", before) || behind != ';')
			break;
		if (clang_isExpression(n->kind) || n->kind == CXCursor_BreakStmt ||
		    n->kind == CXCursor_ContinueStmt || n->kind == CXCursor_GotoStmt ||
		    !strcmp(n->text, "return") ||
		    (n->kind == CXCursor_DoStmt && strncmp(n->text, "do", 2)))
			change("delete", n, "");
		break;
	case BRANCH:
		if (behind != '?' && (before != '(' || behind != ')'))
			break;
		change("negate", n, str_printf("!(%s)", n->text));
		change("skip", n, "0");
		change("drop", n, "1");
		break;
	case LOOP:
		if (before == '(' && behind == ')')
			change("skip", n, "0");
		break;
	case OPERAND:
		change("negate", n, str_printf("!(%s)", n->text));
		break;
	case RETURNED:
		if (!plain || behind != ';')
			break;
		if (type == CXType_Bool)
			change("negate", n, str_printf("!(%s)", n->text));
		else if (is_integer(n->cursor))
			change("constant", n, "0");
		else if (type == CXType_Pointer)
			change("constant", n, "NULL");
		mutate_integer(n, plain, before);
		break;
	case VALUE:
		mutate_integer(n, plain, before);
		break;
	default:
		break;
	}
}

static void mutate_leaf(const struct node *n, enum role role)
{
	CXCursor what = clang_getCursorReferenced(n->cursor);
	enum CXCursorKind kind = clang_getCursorKind(what);

	if (n->kind == CXCursor_DeclRefExpr && kind == CXCursor_EnumConstantDecl &&
	    !strcmp(n->text, name_of(what)))
		other_enumerator(n, what);
	else if (n->kind == CXCursor_DeclRefExpr && is_word(n->text, false) &&
		 (kind == CXCursor_ParmDecl || kind == CXCursor_VarDecl))
		other_local(n, what);
	else if (n->kind == CXCursor_MemberRefExpr && role != FIXED)
		other_member(n, what);

	if (n->kind == CXCursor_IntegerLiteral && isdigit(*n->text)) {
		change("one", n, str_printf("%s + 1", n->text));
		change("constant", n, "0");
	}
	if (is_word(n->text, true) && strcmp(n->text, "NULL") && kind != CXCursor_EnumConstantDecl &&
	    kind != CXCursor_ParmDecl)
		other_constant(n);
}

static enum role role_of_child(const struct node *n, const char *op, unsigned int i,
			       unsigned int nr, enum role role)
{
	bool last = i == nr - 1;

	switch (n->kind) {
	case CXCursor_CompoundStmt:
	case CXCursor_DefaultStmt:
	case CXCursor_LabelStmt:
		return STATEMENT;
	case CXCursor_IfStmt:
		return i ? STATEMENT : BRANCH;
	case CXCursor_ConditionalOperator:
		return i ? OTHER : BRANCH;
	case CXCursor_WhileStmt:
		return last ? STATEMENT : LOOP;
	case CXCursor_DoStmt:
		return last ? LOOP : STATEMENT;
	case CXCursor_ForStmt:
	case CXCursor_SwitchStmt:
		return last ? STATEMENT : OTHER;
	case CXCursor_CaseStmt:
		return last ? STATEMENT : FIXED;
	case CXCursor_ReturnStmt:
		return RETURNED;
	case CXCursor_CallExpr:
		return i ? VALUE : FIXED;
	case CXCursor_ArraySubscriptExpr:
		return last ? VALUE : OTHER;
	case CXCursor_VarDecl:
		return VALUE;
	case CXCursor_CompoundAssignOperator:
		return i ? VALUE : FIXED;
	case CXCursor_BinaryOperator:
		if (!strcmp(op, "="))
			return i ? VALUE : FIXED;
		return !strcmp(op, "&&") || !strcmp(op, "||") ? OPERAND : OTHER;
	case CXCursor_UnaryOperator:
		if (*n->text == '!')
			return NEGATED;
		return *n->text == '&' || strstr(n->text, "++") || strstr(n->text, "--") ?
			FIXED : OTHER;
	/* Casts that the compiler adds, and those that are written. */
	case CXCursor_UnexposedExpr:
	case CXCursor_CStyleCastExpr:
		return role == VALUE ? OTHER : role == RETURNED ? NEGATED : role;
	default:
		return OTHER;
	}
}

static void walk(const struct node *n, enum role role)
{
	struct nodes kids = children(n->cursor);
	char *op = n->kind == CXCursor_BinaryOperator ? binary_operator(&kids) : "";
	unsigned int i;

	mutate_role(n, role);
	if (*op)
		mutate_binary(n, &kids, op, role);
	if (n->kind == CXCursor_UnaryOperator && kids.nr == 1 &&
	    (*n->text == '~' || (*n->text == '!' && !is_condition(role))))
		change("drop", n, kids.node[0].text);
	if (n->kind == CXCursor_UnaryOperator && !strncmp(n->text, "-E", 2)) {
		change("constant", n, "0");
		kids.nr = 0;
	} else if (role != FIXED || n->kind == CXCursor_MemberRefExpr) {
		mutate_leaf(n, role);
	}
	for (i = 0; i < kids.nr; i++)
		walk(&kids.node[i], role_of_child(n, op, i, kids.nr, role));
	free(kids.node);
}

void mutate_code(struct source *s, CXTranslationUnit unit, CXFile file)
{
	struct nodes all;
	unsigned int i;
	size_t at;

	source = s;
	target = file;
	all = children(clang_getTranslationUnitCursor(unit));
	for (i = 0; i < all.nr; i++) {
		if (!place(clang_getCursorLocation(all.node[i].cursor), &at) ||
		    (all.node[i].kind != CXCursor_FunctionDecl &&
		     all.node[i].kind != CXCursor_VarDecl))
			continue;
		s->function = name_of(all.node[i].cursor);
		locals.nr = 0;
		clang_visitChildren(all.node[i].cursor, add_local, &locals);
		walk(&all.node[i], OTHER);
	}
}
