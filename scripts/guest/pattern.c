// SPDX-License-Identifier: GPL-2.0
/*
 * guest-pattern WORD: hold pages that begin with WORD, four times, in anonymous memory with
 * small and huge pages, in shared memory, and in a file of tmpfs that is also mapped.
 * Prints "pages N" when they are there, and changes them in place until it is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE	((size_t)4 << 20)
#define STEP	4096

static unsigned long word;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void fill(char *p, size_t size)
{
	for (size_t i = 0; i < size; i += STEP)
		for (int n = 0; n < 4; n++)
			((volatile unsigned long *)(p + i))[n] = word;
}

static char *map(int flags, int fd)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int main(int argc, char **argv)
{
	char *parts[4];
	int fd;

	word = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;
	if (!word) {
		fprintf(stderr, "usage: guest-pattern WORD\n");
		return 2;
	}

	parts[0] = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(parts[0], SIZE, MADV_NOHUGEPAGE);
	parts[1] = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(parts[1], SIZE, MADV_HUGEPAGE);
	parts[2] = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	fill(parts[0], SIZE);

	/* By write(), which copies through the kernel. */
	fd = open("/tmp/pattern.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, parts[0], SIZE) != (ssize_t)SIZE)
		die("/tmp/pattern.file");
	parts[3] = map(MAP_SHARED, fd);

	for (int round = 0;; round++) {
		for (int i = 0; i < 4; i++)
			fill(parts[i], SIZE);
		if (!round) {
			printf("pages %zu\n", 4 * SIZE / STEP);
			fflush(stdout);
		}
		/* Break a huge page, and let it come again. */
		if (mprotect(parts[1] + (round % 512) * STEP, STEP, PROT_READ) ||
		    mprotect(parts[1], SIZE, PROT_READ | PROT_WRITE))
			die("mprotect");
		usleep(20000);
	}
}
