// SPDX-License-Identifier: GPL-2.0
/*
 * guest-churn SECONDS [SEED]: processes that come and go. Two workers for each CPU
 * fork, execute, map, trace, switch and change their LDTs in random order, on CPUs at
 * random, and look at what user mode gets.
 *
 * Exits 0 when all was as it should be and each worker did each of these.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define PAGE		4096UL
#define PAGES		16

static long cpus;

static void die(const char *what, ...)
{
	va_list args;
	char line[256];
	int n = snprintf(line, sizeof(line), "churn: ");

	va_start(args, what);
	n += vsnprintf(line + n, sizeof(line) - n - 1, what, args);
	va_end(args);
	line[n++] = '\n';
	/* Children share the buffer of stdout. */
	if (write(STDOUT_FILENO, line, n) < 0)
		_exit(2);
	_exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void pin(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % cpus, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot run on CPU %ld: %s", cpu % cpus, strerror(errno));
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("no process: %s", strerror(errno));
	if (!pid)
		pin(rand());
	return pid;
}

/* The exit status of @pid has to be @want. */
static void ended(pid_t pid, int want, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) <= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != want)
		die("%s: status %x instead of %x", what, status, want << 8);
}

static volatile unsigned long word = 1;

static void fork_and_exit(void)
{
	unsigned long mine = rand();
	pid_t pid;

	word = mine;
	pid = start();
	if (!pid) {
		if (word != mine)
			die("a child has %lx, not its parent's %lx", word, mine);
		word = ~mine;
		_exit(mine & 0x7f);
	}
	ended(pid, mine & 0x7f, "a child");
	if (word != mine)
		die("a child changed its parent");
}

static void run_program(void)
{
	char status[8];
	pid_t pid;

	snprintf(status, sizeof(status), "%d", rand() & 0x7f);
	pid = start();
	if (!pid) {
		execl("/proc/self/exe", "guest-churn", "exit", status, NULL);
		die("cannot execute: %s", strerror(errno));
	}
	ended(pid, atoi(status), "a program");
}

static sigjmp_buf landing;
static volatile int armed;

static void land(int sig, siginfo_t *info, void *context)
{
	if (!armed)
		die("a fault at %p", info->si_addr);
	armed = 0;
	siglongjmp(landing, sig);
}

static int faults(volatile unsigned long *at, int write)
{
	int sig = sigsetjmp(landing, 1);

	if (sig)
		return 1;
	armed = 1;
	if (write)
		*at = 0;
	else
		(void)*at;
	armed = 0;
	return 0;
}

/* Anywhere in the 47 bits of user mode, so that upper levels come and go too. */
static void map_anywhere(void)
{
	unsigned long hint = ((unsigned long)rand() << 16 ^ rand()) % 0x7ff000000000UL & -PAGE;
	volatile unsigned long *p = mmap((void *)hint, PAGES * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long step = PAGE / sizeof(*p);

	if (p == MAP_FAILED)
		die("cannot map: %s", strerror(errno));
	for (int i = 0; i < PAGES; i++)
		p[i * step] = (unsigned long)p ^ i;
	if (mprotect((void *)p, PAGES / 2 * PAGE, PROT_READ))
		die("cannot protect: %s", strerror(errno));
	for (int i = 0; i < PAGES; i++) {
		if (p[i * step] != ((unsigned long)p ^ i))
			die("page %d of %p has %lx", i, p, p[i * step]);
		if (faults(p + i * step, 1) != (i < PAGES / 2))
			die("page %d of %p is%s writable", i, p, i < PAGES / 2 ? "" : " not");
	}
	if (munmap((void *)p, PAGES * PAGE))
		die("cannot unmap: %s", strerror(errno));
	for (int i = 0; i < PAGES; i++)
		if (!faults(p + i * step, 0))
			die("page %d of %p is still there", i, p);
}

static void traced(void)
{
	unsigned long mine = rand() | 1UL;

	word = mine;
	if (ptrace(PTRACE_TRACEME) || raise(SIGSTOP))
		_exit(1);
	_exit(word == ~mine ? 0 : 2);
}

static void trace(void)
{
	struct user_regs_struct regs;
	unsigned long ip = 0;
	pid_t pid = start();
	int status;
	long have;

	if (!pid)
		traced();
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("a traced process does not stop: %x", status);
	have = ptrace(PTRACE_PEEKDATA, pid, &word, NULL);
	if (ptrace(PTRACE_POKEDATA, pid, &word, ~have))
		die("cannot write to a traced process: %s", strerror(errno));
	for (int i = 0; i < 10; i++) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		    WSTOPSIG(status) != SIGTRAP)
			die("a traced process does not step: %x", status);
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) || regs.rip == ip)
			die("a traced process stays at %llx", regs.rip);
		ip = regs.rip;
	}
	if (ptrace(PTRACE_CONT, pid, NULL, NULL))
		die("cannot let a traced process go on: %s", strerror(errno));
	ended(pid, 0, "a traced process");
}

/* Two processes with other contents of one page take turns. */
static void switch_to_and_fro(void)
{
	int to[2], fro[2];
	pid_t pid;
	char c;

	if (pipe(to) || pipe(fro))
		die("no pipe: %s", strerror(errno));
	pid = start();
	word = pid ? 1 : 2;
	for (int i = 0; i < 20; i++) {
		if (pid ? write(to[1], "x", 1) != 1 || read(fro[0], &c, 1) != 1 :
			  read(to[0], &c, 1) != 1 || write(fro[1], "x", 1) != 1)
			die("a pipe ends: %s", strerror(errno));
		if (word != (pid ? 1 : 2))
			die("a process has %lx of another", word);
	}
	if (!pid)
		_exit(0);
	ended(pid, 0, "the other process");
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(fro[i]);
	}
}

static void set_ldt(unsigned int entry, unsigned int limit, int present)
{
	struct user_desc desc = {
		.entry_number = entry, .limit = limit, .seg_32bit = present, .seg_not_present = !present,
		.read_exec_only = !present,
	};

	if (syscall(SYS_modify_ldt, 1, &desc, sizeof(desc)))
		die("modify_ldt: %s", strerror(errno));
}

/* The CPU reads the LDT, through the page table of user mode; 0 without an entry. */
static unsigned long limit_of(unsigned int entry)
{
	unsigned long limit = 0;

	asm volatile("lsl %1, %0"
		     : "+r" (limit) : "r" ((unsigned long)(entry << 3 | 7)) : "cc", "memory");
	return limit;
}

static volatile unsigned int wanted, seen;
static unsigned int ldt_entry;

/* On another CPU: an LDT has changed everywhere when modify_ldt() returns. */
static void *look_on(void *cpu)
{
	unsigned int last = 0;

	pin((long)cpu);
	while (last != ~0U) {
		unsigned int limit = wanted;

		if (limit == last) {
			sched_yield();
			continue;
		}
		if (limit != ~0U && limit_of(ldt_entry) != limit)
			die("a thread has limit %lx instead of %x", limit_of(ldt_entry), limit);
		last = limit;
		seen = limit;
	}
	return NULL;
}

static void change_ldt(void)
{
	long cpu = rand();
	pthread_t thread;
	pid_t pid;

	ldt_entry = rand() % 8192;
	wanted = 0;
	seen = 0;
	pin(cpu);
	if (pthread_create(&thread, NULL, look_on, (void *)(cpu + 1)))
		die("no thread: %s", strerror(errno));
	for (int i = 0; i < 5; i++) {
		unsigned int limit = 1 + i + (rand() & 0xfff0);

		set_ldt(ldt_entry, limit, 1);
		if (limit_of(ldt_entry) != limit)
			die("LDT entry %u has limit %lx instead of %x", ldt_entry,
			    limit_of(ldt_entry), limit);
		wanted = limit;
		while (seen != limit)
			sched_yield();
	}
	pid = start();
	if (!pid) {
		if (limit_of(ldt_entry) != wanted)
			die("a child has no copy of the LDT");
		set_ldt(ldt_entry, 0, 0);
		_exit(limit_of(ldt_entry) ? 1 : 0);
	}
	ended(pid, 0, "a child with an LDT");
	if (limit_of(ldt_entry) != wanted)
		die("a child changed the LDT of its parent");
	wanted = ~0U;
	pthread_join(thread, NULL);
	set_ldt(ldt_entry, 0, 0);
	if (limit_of(ldt_entry))
		die("LDT entry %u is still there", ldt_entry);
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{ "fork and exit", fork_and_exit },
	{ "exec", run_program },
	{ "mmap, mprotect, munmap", map_anywhere },
	{ "ptrace", trace },
	{ "switch", switch_to_and_fro },
	{ "modify_ldt", change_ldt },
};

static void work(unsigned long *done, double end)
{
	for (unsigned long round = 0; round < ARRAY_SIZE(kinds) || now() < end; round++) {
		int kind = round < ARRAY_SIZE(kinds) ? round : rand() % ARRAY_SIZE(kinds);

		pin(rand());
		kinds[kind].run();
		__atomic_fetch_add(done + kind, 1, __ATOMIC_RELAXED);
	}
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0;
	struct sigaction action = { .sa_sigaction = land, .sa_flags = SA_SIGINFO };
	unsigned long *done;
	unsigned int seed;
	double end;

	if (argc == 3 && !strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	if (seconds <= 0) {
		fprintf(stderr, "usage: guest-churn SECONDS [SEED]\n");
		return 2;
	}
	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (unsigned int)time(NULL) ^ getpid();
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	printf("churn: %g s on %ld CPUs, seed %u\n", seconds, cpus, seed);
	fflush(stdout);
	sigaction(SIGSEGV, &action, NULL);
	done = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		die("no memory: %s", strerror(errno));

	end = now() + seconds;
	for (long worker = 0; worker < 2 * cpus; worker++) {
		srand(seed + worker);
		if (!start()) {
			work(done, end);
			_exit(0);
		}
	}
	for (long worker = 0; worker < 2 * cpus; worker++)
		ended(-1, 0, "a worker");
	for (unsigned long i = 0; i < ARRAY_SIZE(kinds); i++)
		printf("churn: %s: %lu\n", kinds[i].name, done[i]);
	printf("churn: all as it should be\n");
	return 0;
}
