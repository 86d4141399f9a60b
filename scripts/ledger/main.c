// SPDX-License-Identifier: GPL-2.0
/*
 * ledger TREE STOCK STEPS FILES OTHER BY-HAND VERSION OUT
 * ledger ladder ARGUMENT...: see ladder.c
 *
 * TREE: the git tree. STOCK: its base commit. STEPS: rows of name, kind and
 * commit. FILES: what "git grep -cwI" prints for the fields in STOCK, the
 * proof that the lexer misses no line. OUT: the ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

static const char * const class_names[NR_CLASSES] = {
	"converted", "by-hand", "comment", "other", "name", "unclassified",
};

/* So many unclassified hits are shown to the user, the rest is in the log. */
enum { SHOWN = 20 };

struct file {
	char *path;
	struct text text;
	struct hit *hit;
	int nr;
};

static struct file *files;
static int nr_files;

static struct step *read_steps(const char *path, const char *stock, int *nr)
{
	char *buf = slurp(path), *line, *save = NULL;
	const char *from = stock;
	struct step *step = NULL;

	*nr = 0;
	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *cell[4];	/* the fourth is none of ours */

		if (*line == '#')
			continue;
		if (split(line, '\t', cell, 4) < 3)
			die("a row with too few cells in", path,
			    "run: make tree");
		step = grow(step, *nr, sizeof(*step));
		step[*nr] = (struct step) {
			.name = strdup(cell[0]),
			.cocci = !strcmp(cell[1], "cocci"),
			.commit = strdup(cell[2]),
		};
		git_touched(&step[*nr], from);
		from = step[(*nr)++].commit;
	}
	free(buf);
	return step;
}

static void find_hits(struct file *file, const char *stock, int lines)
{
	struct text *text = &file->text;
	int i, line = 0, occurrence = 0;

	text->buf = git_blob(stock, file->path, &text->size);
	if (!text->buf)
		die("not in the stock tree:", file->path, "run: make tree");
	lex(text, file->path);
	for (i = 0; i < text->nr; i++) {
		int field = tok_field(&text->tok[i]);
		char *owner;

		if (field < 0)
			continue;
		if (text->tok[i].line != line) {
			line = text->tok[i].line;
			occurrence = 0;
			lines--;
		}
		file->hit = grow(file->hit, file->nr, sizeof(*file->hit));
		file->hit[file->nr++] = (struct hit) {
			.text = text, .path = file->path, .tok = i,
			.field = field, .occurrence = ++occurrence,
		};
		if (text->lang != LANG_C || text->tok[i].where != IN_CODE)
			continue;
		owner = struct_around(text, i);
		if (owner && *owner)
			members_add(owner, field);
		else
			free(owner);
	}
	if (lines)
		die("the lexer and git grep count different lines in",
		    file->path, "correct scripts/ledger/parse.c");
}

static void read_files(const char *path, const char *stock)
{
	char *buf = slurp(path), *line, *save = NULL;

	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strrchr(line, ':');

		if (!colon)
			die("not a count of git grep:", line,
			    "remove that file and run again");
		*colon = '\0';
		files = grow(files, nr_files, sizeof(*files));
		files[nr_files] = (struct file) { .path = strdup(line) };
		find_hits(&files[nr_files++], stock, atoi(colon + 1));
	}
	free(buf);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path,
		      ((const struct file *)b)->path);
}

static void write_ledger(const char *path, const char *version,
			 int count[NR_FIELDS + 1][NR_CLASSES])
{
	FILE *out = fopen(path, "w");
	int f, i, c;

	if (!out)
		die("cannot write", path, "look at its directory");
	fprintf(out, "# Every hit of the fields of struct mm_struct in %s; made by: UPDATE=1 make ledger\n",
		version);
	for (f = 0; f <= NR_FIELDS; f++) {
		fprintf(out, "# %s:", f < NR_FIELDS ? fields[f] : "all");
		for (c = 0; c < NR_CLASSES; c++)
			fprintf(out, " %d %s%s", count[f][c], class_names[c],
				c < NR_CLASSES - 1 ? "," : "\n");
	}
	fprintf(out, "# file\tline\toccurrence\tfield\tclass\tdetail\n");
	for (f = 0; f < nr_files; f++) {
		for (i = 0; i < files[f].nr; i++) {
			struct hit *hit = &files[f].hit[i];

			fprintf(out, "%s\t%d\t%d\t%s\t%s\t%s\n", hit->path,
				hit->text->tok[hit->tok].line, hit->occurrence,
				fields[hit->field], class_names[hit->class],
				hit->class == UNCLASSIFIED ? "-" : hit->detail);
		}
	}
	if (fclose(out))
		die("cannot write", path, "look at the disk");
}

static void print_counts(int count[NR_FIELDS + 1][NR_CLASSES])
{
	int f, c, sum;

	printf("| %-15s %6s", "field", "hits");
	for (c = 0; c < NR_CLASSES; c++)
		printf(" %12s", class_names[c]);
	printf("\n");
	for (f = 0; f <= NR_FIELDS; f++) {
		for (c = 0, sum = 0; c < NR_CLASSES; c++)
			sum += count[f][c];
		printf("| %-15s %6d", f < NR_FIELDS ? fields[f] : "all", sum);
		for (c = 0; c < NR_CLASSES; c++)
			printf(" %12d", count[f][c]);
		printf("\n");
	}
}

static void print_unused(const struct table *table, const char *name)
{
	int i;

	for (i = 0; i < table->nr; i++)
		if (!table->rule[i].used)
			printf("not used for this kernel: %s: %s %s %s\n",
			       name, table->rule[i].cell[0],
			       table->rule[i].cell[1], table->rule[i].cell[2]);
}

static void free_all(struct step *step, int nr_steps)
{
	int f, i;

	for (f = 0; f < nr_files; f++) {
		for (i = 0; i < files[f].nr; i++)
			free(files[f].hit[i].detail);
		free(files[f].hit);
		free(files[f].path);
		lex_free(&files[f].text);
	}
	free(files);
	for (f = 0; f < nr_steps; f++) {
		for (i = 0; i < step[f].nr_files; i++)
			free(step[f].files[i]);
		free(step[f].files);
		free(step[f].name);
		free(step[f].commit);
	}
	free(step);
	members_free();
}

int main(int argc, char **argv)
{
	int count[NR_FIELDS + 1][NR_CLASSES] = { 0 }, nr_steps, f, i;
	int unclassified = 0;
	struct table other = { 0 }, by_hand = { 0 };
	struct step *step;

	if (argc == 8 && !strcmp(argv[1], "ladder"))
		return ladder(argv + 1);
	if (argc != 9)
		die("usage: ledger", "TREE STOCK STEPS FILES OTHER BY-HAND VERSION OUT",
		    "run: make ledger");
	git_open(argv[1]);
	step = read_steps(argv[3], argv[2], &nr_steps);
	table_read(&other, argv[5], 3);
	table_read(&by_hand, argv[6], 4);
	read_files(argv[4], argv[2]);
	if (nr_files)
		qsort(files, nr_files, sizeof(*files), by_path);
	for (f = 0; f < nr_files; f++) {
		for (i = 0; i < files[f].nr; i++)	/* sorting moved them */
			files[f].hit[i].text = &files[f].text;
		follow(&files[f].text, files[f].path, files[f].hit,
		       files[f].nr, step, nr_steps);
		for (i = 0; i < files[f].nr; i++) {
			struct hit *hit = &files[f].hit[i];
			char *line;

			classify(hit, step, &other, &by_hand);
			count[hit->field][hit->class]++;
			count[NR_FIELDS][hit->class]++;
			if (hit->class != UNCLASSIFIED)
				continue;
			line = line_of(hit->text, hit->tok);
			printf("%s%s:%d: %s\n\t(%s)\n",
			       unclassified++ < SHOWN ? "| " : "", hit->path,
			       hit->text->tok[hit->tok].line, line,
			       hit->detail);
			free(line);
		}
	}
	write_ledger(argv[8], argv[7], count);
	print_unused(&other, argv[5]);
	print_unused(&by_hand, argv[6]);
	print_counts(count);
	if (unclassified > SHOWN)
		printf("| ... the first %d are above, all in this log\n", SHOWN);
	printf("| %d unclassified\n", unclassified);
	git_close();
	free_all(step, nr_steps);
	table_free(&other);
	table_free(&by_hand);
	fflush(stdout);
	return unclassified ? 1 : 0;
}
