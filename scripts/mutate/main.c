// SPDX-License-Identifier: GPL-2.0
/*
 * mutate -l SEED NAME FILE UNIT [OPTION]... <DIFF
 *	List the mutants of FILE on the lines that DIFF (git diff -U0) adds, as clang
 *	sees it in the translation unit UNIT. NAME: what FILE is called in the list,
 *	whose rows are: rank, which depends on the seed; name; line; function; operator;
 *	the lines before and after; offset and length; replacement.
 *
 * mutate -a OFFSET,LENGTH REPLACEMENT FILE
 *	Print FILE with this change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mutate.h"

static CXTranslationUnit read_unit(const char *unit, const char * const *options, int nr)
{
	CXIndex index = clang_createIndex(0, 0);
	CXTranslationUnit parsed = NULL;
	CXDiagnostic diagnostic;
	unsigned int i;

	clang_parseTranslationUnit2(index, unit, options, nr, NULL, 0,
				    CXTranslationUnit_KeepGoing, &parsed);
	if (!parsed)
		die("clang cannot parse", unit, "see what it says to the same options");
	for (i = 0; i < clang_getNumDiagnostics(parsed); i++) {
		diagnostic = clang_getDiagnostic(parsed, i);
		if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error)
			die("clang does not understand", unit,
			    clang_getCString(clang_formatDiagnostic(diagnostic, 1)));
	}
	return parsed;
}

int main(int argc, char **argv)
{
	struct source s = { .function = "-" };
	CXTranslationUnit unit;
	struct part p;

	if (argc == 5 && !strcmp(argv[1], "-a")) {
		if (sscanf(argv[2], "%zu,%zu", &p.begin, &p.end) != 2)
			die("no place of a change:", argv[2], "give OFFSET,LENGTH");
		p.end += p.begin;
		s.path = argv[4];
		s.text = slurp(s.path);
		s.size = strlen(s.text);
		apply(&s, p, argv[3]);
		return 0;
	}
	if (argc < 6 || strcmp(argv[1], "-l"))
		die("usage:", "mutate -l SEED NAME FILE UNIT [OPTION]... or mutate -a ...",
		    "see the comment at its top");
	s.seed = strtoul(argv[2], NULL, 0);
	s.path = argv[3];
	s.text = slurp(argv[4]);
	s.size = strlen(s.text);
	read_added(&s);
	unit = read_unit(argv[5], (const char * const *)argv + 6, argc - 6);
	mutate_code(&s, unit, clang_getFile(unit, argv[4]));
	mutate_macros(&s);
	return 0;
}
