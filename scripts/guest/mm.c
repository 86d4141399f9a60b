// SPDX-License-Identifier: GPL-2.0
/*
 * guest-mm TEST: what user space can see of the page tables, one test a run.
 * Exits 0 when the test passed; otherwise says what went wrong.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
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

#define MIB(n) ((size_t)(n) << 20)

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static void *anon(void *hint, size_t size)
{
	return mmap(hint, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Each page of @p holds its own number plus @bias. */
static void fill(char *p, size_t size, long bias)
{
	for (size_t i = 0; i < size; i += 4096)
		*(long *)(p + i) = i + bias;
}

static int differs(char *p, size_t size, long bias)
{
	for (size_t i = 0; i < size; i += 4096)
		if (*(long *)(p + i) != (long)i + bias)
			return 1;
	return 0;
}

/* Map, fill, move, protect, punch and unmap, with small and huge pages. */
static int test_mmap(void)
{
	size_t size = MIB(24);
	char *p, *q;

	for (int round = 0; round < 8; round++) {
		p = anon(NULL, size);
		if (p == MAP_FAILED)
			return fail("mmap");
		madvise(p, size, round & 1 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		fill(p, size, round);
		if (mprotect(p + MIB(3) + 4096, MIB(1), PROT_READ))
			return fail("mprotect");
		q = mremap(p, MIB(8), MIB(12), MREMAP_MAYMOVE);
		if (q != MAP_FAILED)
			return fail("mremap over two protections succeeded");
		if (mprotect(p, size, PROT_READ | PROT_WRITE))
			return fail("mprotect back");
		q = mremap(p, size, size + MIB(4), MREMAP_MAYMOVE);
		if (q == MAP_FAILED)
			return fail("mremap");
		if (differs(q, size, round))
			return fail("contents after mremap");
		if (madvise(q + MIB(2), MIB(2), MADV_DONTNEED))
			return fail("madvise");
		if (q[MIB(3)])
			return fail("a dropped page is not zero");
		if (munmap(q, size + MIB(4)))
			return fail("munmap");
		if (!msync(q, 4096, MS_ASYNC))
			return fail("still mapped after munmap");
	}
	return 0;
}

/* A child writes to its copies; the parent's pages must not change. */
static int test_cow(void)
{
	size_t size = MIB(8);
	char *p = anon(NULL, size);
	int status;

	if (p == MAP_FAILED)
		return fail("mmap");
	fill(p, size, 1);
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return fail("fork");
		if (!pid) {
			fill(p, size, i + 2);
			_exit(differs(p, size, i + 2));
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return fail("child");
	}
	return differs(p, size, 1) ? fail("a child wrote through") : 0;
}

/* Succeeds where an address above 47 bits can be mapped: five levels. */
static int test_la57(void)
{
	char *hint = (char *)(uintptr_t)(1ULL << 55);
	char *p = anon(hint, 4096);

	if (p != hint)
		return fail("mmap at 1 << 55");
	*p = 1;
	return 0;
}

static int test_secretmem(void)
{
	int fd = syscall(447 /* memfd_secret */, 0);
	char *p;

	if (fd < 0 || ftruncate(fd, MIB(1)))
		return fail("memfd_secret");
	p = mmap(NULL, MIB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return fail("mmap");
	fill(p, MIB(1), 7);
	return differs(p, MIB(1), 7) ? fail("contents") : 0;
}

static __thread sigjmp_buf fault;

static void on_fault(int nr)
{
	siglongjmp(fault, nr);
}

static int can_write(volatile char *p)
{
	if (sigsetjmp(fault, 1))
		return 0;
	*p = 2;
	return 1;
}

/* Right after a change of one page or of some, nothing uses an old translation. */
static int change_pages(char *p, size_t nr)
{
	memset(p, 1, nr * 4096);
	if (mprotect(p, nr * 4096, PROT_READ))
		return fail("mprotect");
	for (size_t i = 0; i < nr; i++)
		if (can_write(p + i * 4096))
			return fail("a read-only page was written");
	if (mprotect(p, nr * 4096, PROT_READ | PROT_WRITE))
		return fail("mprotect back");
	memset(p, 1, nr * 4096);
	if (madvise(p, nr * 4096, MADV_DONTNEED))
		return fail("madvise");
	for (size_t i = 0; i < nr; i++)
		if (p[i * 4096])
			return fail("a dropped page was read");
	return 0;
}

struct writer {
	char *page;
	unsigned long writes;
};

static int stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Without a system call, which may flush, until a fault. */
static void *write_until_fault(void *arg)
{
	struct writer *w = arg;

	if (stay_on(1))
		return NULL;
	if (!sigsetjmp(fault, 1))
		for (;;) {
			*(volatile char *)w->page = 2;
			__atomic_add_fetch(&w->writes, 1, __ATOMIC_SEQ_CST);
		}
	return &fault;
}

static unsigned long writes_of(struct writer *w)
{
	return __atomic_load_n(&w->writes, __ATOMIC_SEQ_CST);
}

/* CPU 1, which writes to a page, stops when CPU 0 makes the page read-only. */
static int change_page_of_other_cpu(char *p)
{
	struct writer w = { .page = p };
	unsigned long before;
	pthread_t thread;
	void *faulted;

	if (stay_on(0) || pthread_create(&thread, NULL, write_until_fault, &w))
		return fail("a thread on each CPU");
	while (writes_of(&w) < 1000)
		sched_yield();
	if (mprotect(p, 4096, PROT_READ))
		return fail("mprotect");
	before = writes_of(&w);
	/* It may have written, and not counted yet. */
	for (int i = 0; i < 20 && writes_of(&w) - before < 2; i++)
		usleep(1000);
	if (writes_of(&w) - before >= 2)
		return fail("another CPU wrote to a read-only page");
	if (pthread_join(thread, &faulted) || !faulted)
		return fail("the other thread");
	return mprotect(p, 4096, PROT_READ | PROT_WRITE) ? fail("mprotect back") : 0;
}

static int test_flush(void)
{
	static const size_t nrs[] = { 1, 2, 3, 33, 40 };
	char *p = anon(NULL, MIB(2));

	if (p == MAP_FAILED)
		return fail("mmap");
	signal(SIGSEGV, on_fault);
	for (size_t n = 0; n < sizeof(nrs) / sizeof(*nrs); n++)
		for (size_t i = 0; i < 8; i++)
			if (change_pages(p + i * nrs[n] * 4096, nrs[n]))
				return 1;
	for (int i = 0; sysconf(_SC_NPROCESSORS_ONLN) > 1 && i < 20; i++)
		if (change_page_of_other_cpu(p))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{ "mmap", test_mmap },
		{ "cow", test_cow },
		{ "flush", test_flush },
		{ "la57", test_la57 },
		{ "secretmem", test_secretmem },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(argv[1], tests[i].name))
			return tests[i].run();
	fprintf(stderr, "usage: guest-mm mmap|cow|flush|la57|secretmem\n");
	return 2;
}
