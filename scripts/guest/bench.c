// SPDX-License-Identifier: GPL-2.0
/*
 * guest-bench: /init of the guests of scripts/compare/bench.sh. Where the kernel has not run
 * its part (pg_table_bench), prints what user space pays for page tables, in units of
 * the TSC, as lines "bench: NAME VALUE": the smallest of many runs, or their median,
 * less that of an empty one. Powers off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

#define FILE_SIZE	(64 << 10)

static uint64_t best, start, rounds;
static int file;

static void begin(void)
{
	best = UINT64_MAX;
	rounds = 0;
}

static inline void before(void)
{
	start = __rdtsc();
}

static inline void after(void)
{
	uint64_t spent = __rdtsc() - start;

	if (spent < best)
		best = spent;
	rounds++;
}

static void say(const char *name)
{
	static uint64_t empty;

	if (!empty)
		empty = best;
	printf("bench: %s %llu\n", name, (unsigned long long)(best - empty));
	fflush(stdout);
}

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	reboot(RB_POWER_OFF);
	exit(1);
}

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	need(p != MAP_FAILED, "mmap");
	need(!madvise(p, size, MADV_NOHUGEPAGE), "madvise");
	return p;
}

static void bench_empty(void)
{
	for (int i = 0; i < 2000; i++) {
		before();
		after();
	}
}

static void bench_syscall(void)
{
	for (int i = 0; i < 2000; i++) {
		before();
		syscall(SYS_getppid);
		after();
	}
}

static void bench_loop(void)
{
	for (int i = 0; i < 100; i++) {
		unsigned long n = 1000;

		before();
		asm volatile("1: dec %0; jnz 1b" : "+r" (n) : : "cc");
		after();
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * The median: the cheapest fork found all that it needs in some cache, and the mean
 * goes up and down with what RCU and the page allocator put off.
 */
static void bench_fork(void)
{
	enum { NR = 2000 };
	static uint64_t spent[NR];

	for (int i = 0; i < NR; i++) {
		pid_t pid;

		begin();
		before();
		pid = fork();
		if (!pid)
			_exit(0);
		need(pid > 0, "fork");
		need(waitpid(pid, NULL, 0) == pid, "waitpid");
		after();
		spent[i] = best;
	}
	qsort(spent, NR, sizeof(*spent), compare);
	best = spent[NR / 2];
}

/* First writes, @stride bytes apart: with 2 MiB, each wants a table page too. */
static void fault_each(size_t stride)
{
	for (int i = 0; i < 10; i++) {
		size_t size = 256 * stride;
		char *p = map(size);

		for (size_t at = 0; at < size; at += stride) {
			before();
			__atomic_store_n(p + at, 1, __ATOMIC_RELAXED);
			after();
		}
		munmap(p, size);
	}
}

static void bench_fault(void)
{
	fault_each(4096);
}

static void bench_fault_table(void)
{
	fault_each(2 << 20);
}

static void bench_mmap(void)
{
	for (int i = 0; i < 2000; i++) {
		void *p;

		before();
		p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(p, 65536);
		after();
	}
}

/* The same with a page in it, which has to be flushed. */
static void bench_mmap_touch(void)
{
	for (int i = 0; i < 2000; i++) {
		char *p;

		before();
		p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		__atomic_store_n(p, 1, __ATOMIC_RELAXED);
		munmap(p, 65536);
		after();
	}
}

/* There and back between two processes: two switches of the mm. */
static void bench_pipe(void)
{
	int to[2], back[2];
	char c = 0;
	pid_t pid;

	need(!pipe(to) && !pipe(back), "pipe");
	pid = fork();
	if (!pid) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	need(pid > 0, "fork");
	for (int i = 0; i < 2000; i++) {
		before();
		need(write(to[1], &c, 1) == 1 && read(back[0], &c, 1) == 1, "pipe");
		after();
	}
	close(to[1]);
	waitpid(pid, NULL, 0);
}

static void bench_stat(void)
{
	struct stat st;

	for (int i = 0; i < 500; i++) {
		before();
		need(!stat("/tmp/file", &st), "stat");
		after();
	}
}

static void bench_open(void)
{
	for (int i = 0; i < 500; i++) {
		before();
		close(open("/tmp/file", O_RDONLY));
		after();
	}
}

/* Pages of a file of tmpfs that are there. */
static void read_each(size_t size)
{
	static char buffer[4096];

	for (int i = 0; i < 500; i++) {
		before();
		need(pread(file, buffer, size, i * 4096 % FILE_SIZE) == (ssize_t)size, "read");
		after();
	}
}

static void bench_read_1(void)
{
	read_each(1);
}

static void bench_read_4096(void)
{
	read_each(4096);
}

static void bench_write(void)
{
	static char buffer[4096];

	for (int i = 0; i < 500; i++) {
		before();
		need(pwrite(file, buffer, 4096, i * 4096 % FILE_SIZE) == 4096, "write");
		after();
	}
}

/* First accesses to a mapping of the file. */
static void touch_file(int flags, int write)
{
	for (int i = 0; i < 20; i++) {
		char *p = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, flags, file, 0);

		need(p != MAP_FAILED, "mmap");
		/* A read maps all pages of the file around it. */
		for (int at = 0; at < FILE_SIZE; at += write ? 4096 : FILE_SIZE) {
			before();
			if (write)
				__atomic_store_n(p + at, 1, __ATOMIC_RELAXED);
			else
				__atomic_load_n(p + at, __ATOMIC_RELAXED);
			after();
		}
		munmap(p, FILE_SIZE);
	}
}

static void bench_file_fault(void)
{
	touch_file(MAP_SHARED, 0);
}

static void bench_copy(void)
{
	touch_file(MAP_PRIVATE, 1);
}

static long sum_of_exits(void)
{
	FILE *f = fopen("/sys/kernel/debug/asi/stats", "r");
	long count, sum = 0;
	char line[128];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d exit %*s %ld", &count) == 1)
			sum += count;
	fclose(f);
	return sum;
}

/*
 * How often the CPUs have left restricted tables; -1 without isolation. A child looks:
 * the pages that it touches would make each later fork dearer than with the stock kernel.
 */
static long exits(void)
{
	long sum = -1;
	int to[2];
	pid_t pid;

	need(!pipe(to), "pipe");
	pid = fork();
	if (!pid) {
		sum = sum_of_exits();
		_exit(write(to[1], &sum, sizeof(sum)) != sizeof(sum));
	}
	need(pid > 0 && read(to[0], &sum, sizeof(sum)) == sizeof(sum), "stats");
	need(waitpid(pid, NULL, 0) == pid, "waitpid");
	close(to[0]);
	close(to[1]);
	return sum;
}

/* A field of /proc/meminfo, in bytes. */
static long field_of(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char field[64];
	long value;

	need(!!f, "/proc/meminfo");
	while (fscanf(f, "%63[^:]: %ld kB ", field, &value) == 2)
		if (!strcmp(field, name)) {
			fclose(f);
			return value << 10;
		}
	need(0, name);
	return 0;
}

/* Processes that wait, which have touched what a fork leaves them. */
static void bench_processes(void)
{
	enum { NR = 1000 };
	static pid_t pids[NR];
	long tables;
	int wait[2], here[2];
	char c;

	need(!pipe(wait) && !pipe(here), "pipe");
	tables = field_of("PageTables");
	for (int i = 0; i < NR; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			close(wait[1]);
			need(write(here[1], &c, 1) == 1, "write");
			_exit(read(wait[0], &c, 1));
		}
		need(pids[i] > 0 && read(here[0], &c, 1) == 1, "fork");
	}
	printf("bench: tables %ld\n", field_of("PageTables") - tables);
	fflush(stdout);
	close(wait[1]);
	for (int i = 0; i < NR; i++)
		need(waitpid(pids[i], NULL, 0) == pids[i], "waitpid");
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{ "user-empty", bench_empty },
	{ "user-loop", bench_loop },
	{ "getppid", bench_syscall },
	{ "fork", bench_fork },
	{ "fault", bench_fault },
	{ "fault-table", bench_fault_table },
	{ "mmap", bench_mmap },
	{ "mmap-touch", bench_mmap_touch },
	{ "pipe", bench_pipe },
	{ "stat", bench_stat },
	{ "open", bench_open },
	{ "read-1", bench_read_1 },
	{ "read-4096", bench_read_4096 },
	{ "write-4096", bench_write },
	{ "file-fault", bench_file_fault },
	{ "copy-on-write", bench_copy },
};

static void prepare(void)
{
	need(!mkdir("/tmp", 0777) || errno == EEXIST, "mkdir");
	need(!mount("tmp", "/tmp", "tmpfs", 0, NULL), "mount");
	file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
	need(file >= 0, "/tmp/file");
	for (int at = 0; at < FILE_SIZE; at += 4096)
		need(pwrite(file, "x", 1, at + 4095) == 1, "write");
	need(!mkdir("/sys", 0555) || errno == EEXIST, "mkdir");
	need(!mount("sys", "/sys", "sysfs", 0, NULL), "mount");
	/* The stock kernel has no use for it. */
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
}

int main(void)
{
	char line[1024] = "";
	FILE *f;

	need(!mkdir("/proc", 0555) || errno == EEXIST, "mkdir");
	need(!mount("proc", "/proc", "proc", 0, NULL), "mount");
	f = fopen("/proc/cmdline", "r");
	need(f && fgets(line, sizeof(line), f), "/proc/cmdline");
	if (!strstr(line, "pg_table_bench")) {
		prepare();
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			long left = exits();

			begin();
			kinds[i].run();
			left = exits() - left;
			say(kinds[i].name);
			if (exits() >= 0)
				printf("bench: exits-%s %lu\n", kinds[i].name,
				       left * 1000 / rounds);
		}
		bench_processes();
	}
	puts("bench: end 1");
	fflush(stdout);
	/* Before the kernel says that it goes. */
	tcdrain(STDOUT_FILENO);
	reboot(RB_POWER_OFF);
	return 0;
}
