// SPDX-License-Identifier: GPL-2.0
/* Blobs and touched files of the tree, from one git child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ledger.h"

static const char *repo;
static FILE *to_git, *from_git;
static pid_t child;

void git_open(const char *dir)
{
	int in[2], out[2];

	repo = dir;
	if (pipe(in) || pipe(out))
		die("cannot make", "a pipe", "look at the machine's limits");
	child = fork();
	if (child < 0)
		die("cannot start", "git", "look at the machine's limits");
	if (!child) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execlp("git", "git", "-C", dir, "cat-file", "--batch", NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_git = fdopen(in[1], "w");
	from_git = fdopen(out[0], "r");
}

/* The file's text in that commit, or NULL if it is not there. */
char *git_blob(const char *commit, const char *path, size_t *size)
{
	char head[8192], type[16];
	char *buf;

	fprintf(to_git, "%s:%s\n", commit, path);
	fflush(to_git);
	if (!fgets(head, sizeof(head), from_git))
		die("git cat-file died in", repo, "run: make tree");
	/* The name is echoed when missing, and may hold blanks. */
	if (strlen(head) > 9 && !strcmp(head + strlen(head) - 9, " missing\n"))
		return NULL;
	if (sscanf(head, "%*s %15s %zu", type, size) != 2 ||
	    strcmp(type, "blob"))
		die("not a file:", path, "run: make tree");
	buf = malloc(*size + 1);
	if (!buf || fread(buf, 1, *size, from_git) != *size ||
	    fgetc(from_git) != '\n')
		die("cannot read", path, "run: make tree");
	buf[*size] = '\0';
	return buf;
}

void git_touched(struct step *step, const char *from)
{
	char *command = str_printf("git -C '%s' -c core.quotePath=off diff-tree -r --no-renames --name-only %s %s",
				   repo, from, step->commit);
	FILE *f = popen(command, "r");
	char path[4096];

	while (f && fgets(path, sizeof(path), f)) {
		path[strcspn(path, "\n")] = '\0';
		step->files = grow(step->files, step->nr_files,
				   sizeof(*step->files));
		step->files[step->nr_files++] = strdup(path);
	}
	if (!f || pclose(f))
		die("cannot list the files of step", step->name,
		    "run: make tree");
	free(command);
}

void git_close(void)
{
	fclose(to_git);
	fclose(from_git);
	waitpid(child, NULL, 0);
}
