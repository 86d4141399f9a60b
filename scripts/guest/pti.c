// SPDX-License-Identifier: GPL-2.0
/*
 * guest-pti TEST: the page table that user mode runs on, from debugfs.
 *
 * reads	With PTI, try to read what is not for user mode. Each address has to
 *		fault, and the user table to have no entry there. That there is
 *		something to read is looked up in the table that has it: the kernel's
 *		of this process, or the user table of another one.
 *
 * table	Print the user table of this process, and whether it can read the vsyscall
 *		page, to be compared with that of another kernel with the same configuration
 *		and command line (nokaslr, norandmaps).
 *		Ranges are printed as they are, what is not present too, but for
 *
 *		- the kernel image, whose parts have other sizes: it is cut by symbols
 *		  (cuts[]), and printed piece by piece;
 *		- espfix, at random in its area: of each entry the size, the access, and the
 *		  distance from the one before; like ones once. debugfs has no more than
 *		  the first 16 ranges of this area;
 *		- the kernel half, if it is that of the kernel's table (without PTI):
 *		  what the kernel maps depends on what it has allocated.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TABLES	"/sys/kernel/debug/page_tables/"
#define OTHERS	0x30000000UL

#define SMALL	0x1000UL
#define LARGE	0x200000UL

/* Where the kernel half begins. */
#define HALF	(sizeof(long) == 8 ? (unsigned long)(1ULL << 63) : 0xc0000000UL)
#define VSYSCALL	(-0xa00000UL)
#define ESPFIX	0xffffff0000000000ULL
#define ESPFIX_SIZE	0x8000000000ULL

/* The unit that entry text is rounded out to in the user table. */
#define UNIT	(sizeof(long) == 8 ? LARGE : SMALL)

/* What debugfs prints: [start, end), and access and level in words. */
struct table {
	struct range {
		unsigned long start, end;
		int present;
		char what[36];
	} ranges[16384];
	int nr;
};

static struct table user, kernel, *others;

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int no(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 1;
}

/* The words of @line, with one blank between them. */
static void copy_words(char *to, const char *line, size_t size)
{
	size_t n = 0;

	for (; *line && n < size - 1; line++)
		if (*line > ' ')
			to[n++] = *line;
		else if (n && to[n - 1] != ' ')
			to[n++] = ' ';
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = 0;
}

static int read_table(struct table *t, const char *name)
{
	FILE *f = fopen(name, "r");
	char line[256];
	int rest;

	if (!f)
		return fail(name);
	t->nr = 0;
	while (fgets(line, sizeof(line), f)) {
		struct range *r = &t->ranges[t->nr];

		if (sscanf(line, "0x%lx-0x%lx %*s%n", &r->start, &r->end, &rest) != 2)
			continue;
		copy_words(r->what, line + rest, sizeof(r->what));
		r->present = !!strchr(r->what, ' ');
		/* The last byte: the end of the address space is no address. */
		r->end--;
		t->nr++;
		if (t->nr == sizeof(t->ranges) / sizeof(*t->ranges))
			return no("the table has too many ranges");
	}
	fclose(f);
	return t->nr ? 0 : no("the table is empty");
}

static int maps(const struct table *t, unsigned long addr)
{
	for (int i = 0; i < t->nr; i++)
		if (t->ranges[i].start <= addr && addr <= t->ranges[i].end)
			return t->ranges[i].present;
	return 0;
}

/* The first range of the kernel half of @t. */
static int half(const struct table *t)
{
	int i = 0;

	while (i < t->nr && t->ranges[i].start < HALF)
		i++;
	return i;
}

/* The first address of the kernel half that @t maps, and @but does not. */
static unsigned long first(const struct table *t, const struct table *but)
{
	for (int i = half(t); i < t->nr; i++)
		if (t->ranges[i].present && !maps(but, t->ranges[i].start))
			return t->ranges[i].start;
	return 0;
}

static unsigned long symbol(const char *wanted)
{
	unsigned long addr, found = 0;
	char name[256];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && !found && fscanf(f, "%lx %*c %255s%*[^\n]", &addr, name) == 2)
		if (!strcmp(name, wanted))
			found = addr;
	if (f)
		fclose(f);
	return found;
}

/* Where the image is cut. A cut that would lie before the last one lies there. */
static struct cut {
	const char *symbol, *name;
	unsigned long unit;
	int up;
	unsigned long at;
} cuts[] = {
	{ "_text", "text", SMALL, 0, 0 },
	{ "__entry_text_start", "large pages of entry text", LARGE, 0, 0 },
	{ "__entry_text_start", "entry text", SMALL, 0, 0 },
	{ "__entry_text_end", "behind entry text", SMALL, 1, 0 },
	{ "__entry_text_end", "text behind its large pages", LARGE, 1, 0 },
	{ "_etext", "behind text", SMALL, 1, 0 },
	{ "__start_rodata", "large pages of rodata", SMALL, 0, 0 },
	{ "__end_rodata", "rest of rodata", LARGE, 0, 0 },
	{ "__end_rodata", "behind rodata", SMALL, 1, 0 },
	{ "__end_rodata", "data", LARGE, 1, 0 },
	{ "_end", "behind the image", LARGE, 1, 0 },
};

#define NR_CUTS	((int)(sizeof(cuts) / sizeof(*cuts)))

static int find_cuts(void)
{
	unsigned long last = 0;

	for (struct cut *c = cuts; c < cuts + NR_CUTS; c++) {
		c->at = symbol(c->symbol);
		if (!c->at)
			return no(c->symbol);
		if (c->up)
			c->at += c->unit - 1;
		c->at &= -c->unit;
		if (c->at < last)
			c->at = last;
		last = c->at;
	}
	return 0;
}

/* The ranges that lie in [c->at, (c + 1)->at), by the distance from its start. */
static void print_piece(const struct cut *c, const struct table *t)
{
	printf("map image, %s:", c->name);
	for (int i = half(t); i < t->nr; i++) {
		const struct range *r = &t->ranges[i];

		if (c[0].at == c[1].at || r->end < c[0].at || r->start >= c[1].at)
			continue;
		printf(" %lx %s,", r->start > c->at ? r->start - c->at : 0, r->what);
	}
	puts(c[0].at == c[1].at ? " empty" : "");
}

/* What of the range lies outside the image. */
static void print_range(const struct range *r)
{
	unsigned long image = cuts[0].at, behind = cuts[NR_CUTS - 1].at;

	if (r->end < image || r->start > behind)
		printf("map %lx-%lx: %s\n", r->start, r->end + 1, r->what);
	else if (r->start < image)
		printf("map %lx to the image: %s\n", r->start, r->what);
	if (r->start <= behind && r->end >= behind)
		printf("map behind the image to %lx: %s\n", r->end + 1, r->what);
}

static void print_espfix(const struct range *r)
{
	static unsigned long before;
	static char last[100];
	char line[100];

	if (!r->present)
		return;
	snprintf(line, sizeof(line), "map espfix + %lx: %lx %s", before ? r->start - before : 0,
		 r->end + 1 - r->start, r->what);
	before = r->start;
	if (strcmp(line, last))
		puts(line);
	memcpy(last, line, sizeof(last));
}

static int same_half(const struct table *a, const struct table *b)
{
	int i = half(a), j = half(b);

	if (a->nr - i != b->nr - j)
		return 0;
	for (; i < a->nr; i++, j++)
		if (a->ranges[i].start != b->ranges[j].start ||
		    a->ranges[i].end != b->ranges[j].end ||
		    strcmp(a->ranges[i].what, b->ranges[j].what))
			return 0;
	return 1;
}

static sigjmp_buf faulted;

static void on_fault(int sig)
{
	siglongjmp(faulted, sig);
}

static int reads(unsigned long addr)
{
	if (sigsetjmp(faulted, 1))
		return 0;
	(void)*(volatile char *)addr;
	return 1;
}

static int test_table(void)
{
	/* The user table first: how much is read of the other one shows in it. */
	if (find_cuts() || read_table(&user, TABLES "current_user") ||
	    read_table(&kernel, TABLES "current_kernel"))
		return 1;
	signal(SIGSEGV, on_fault);
	if (sizeof(long) == 8)
		printf("map the vsyscall page: %s\n", reads(VSYSCALL) ? "readable" : "not readable");
	for (int i = 0; i < half(&user); i++)
		printf("map %lx-%lx: %s\n", user.ranges[i].start, user.ranges[i].end + 1,
		       user.ranges[i].what);
	if (same_half(&user, &kernel)) {
		puts("map the kernel half of the kernel's table");
		return 0;
	}
	for (int i = half(&user); i < user.nr; i++)
		if (user.ranges[i].start - ESPFIX < ESPFIX_SIZE)
			print_espfix(&user.ranges[i]);
		else
			print_range(&user.ranges[i]);
	for (int i = 0; i < NR_CUTS - 1; i++)
		print_piece(&cuts[i], &user);
	return 0;
}

/* The other process: a page and an LDT of its own. */
static int other(int says)
{
	struct user_desc desc = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1 };
	char *page = mmap((void *)OTHERS, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (page != (void *)OTHERS)
		return fail("mmap");
	*page = 1;
	if (syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)))
		return fail("modify_ldt");
	if (read_table(others, TABLES "current_user"))
		return 1;
	if (write(says, "", 1) != 1)
		return fail("write");
	return pause();
}

/* Where the direct map, which begins at @direct, has a page of another process. */
static unsigned long direct_map(unsigned long direct, pid_t pid, unsigned long addr)
{
	uint64_t entry = 0;
	char path[40];
	int fd;

	sprintf(path, "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	if (pread(fd, &entry, 8, addr / 4096 * 8) != 8)
		entry = 0;
	close(fd);
	return entry >> 63 ? direct + (entry & ((1ULL << 55) - 1)) * 4096 : 0;
}

struct target {
	const char *what;
	unsigned long start, end;
	const struct table *has;
};

static int no_path(const struct target *t)
{
	unsigned long n = 0;

	if (!t->start || t->start >= t->end) {
		printf("%s: there is none\n", t->what);
		return 1;
	}
	for (unsigned long addr = t->start; addr < t->end; addr += 4096, n++) {
		const char *why = !maps(t->has, addr) ? "is not there to be read" :
				  maps(&user, addr) ? "is in the user table" :
				  reads(addr) ? "can be read" : NULL;

		if (!why)
			continue;
		printf("%s: %lx %s\n", t->what, addr, why);
		return 1;
	}
	printf("%s: %lu pages, no path\n", t->what, n);
	return 0;
}

static int try_reads(pid_t pid)
{
	static const struct table none;
	unsigned long entry, behind, direct, secret, ldt;
	int failed = 0;

	if (read_table(&kernel, TABLES "current_kernel") ||
	    read_table(&user, TABLES "current_user"))
		return 1;
	entry = symbol("__entry_text_start") & -UNIT;
	behind = (symbol("__entry_text_end") + UNIT - 1) & -UNIT;
	direct = first(&kernel, &none);
	secret = direct_map(direct, pid, OTHERS);
	ldt = first(others, &user);

	const struct target targets[] = {
		{ "kernel text before entry text", symbol("_text"), entry, &kernel },
		{ "text and rodata behind it", behind, symbol("__end_rodata"), &kernel },
		{ "the direct map", direct + 0x100000, direct + 0x800000, &kernel },
		{ "another process's page", OTHERS, OTHERS + 4096, others },
		{ "the same by the direct map", secret, secret + 4096, &kernel },
		{ "another process's LDT", ldt, ldt + 4096, others },
	};

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		failed |= no_path(&targets[i]);
	return failed;
}

static int test_reads(void)
{
	int pipes[2], failed;
	char ready;
	pid_t pid;

	others = mmap(NULL, sizeof(*others), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (others == MAP_FAILED || pipe(pipes))
		return fail("pipe or memory");
	pid = fork();
	if (pid < 0)
		return fail("fork");
	if (!pid)
		return other(pipes[1]);
	close(pipes[1]);
	failed = read(pipes[0], &ready, 1) != 1 || try_reads(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "reads"))
		return test_reads();
	if (argc == 2 && !strcmp(argv[1], "table"))
		return test_table();
	fprintf(stderr, "usage: guest-pti reads|table\n");
	return 2;
}
