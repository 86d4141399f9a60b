// SPDX-License-Identifier: GPL-2.0
/*
 * guest-asi: with asi=prctl, a process is isolated from when it asks for it, with its
 * threads, and so is what it forks and executes; a process that did not ask is not.
 * Exits 0 when all of that is so; otherwise says what is not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASI	3	/* PR_SPEC_ASI; headers of Debian lack it */
#define OFF	(PR_SPEC_PRCTL | PR_SPEC_ENABLE)
#define ON	(PR_SPEC_PRCTL | PR_SPEC_FORCE_DISABLE)

static int failed;

static void expect(const char *what, long is, long want)
{
	if (is == want)
		return;
	printf("%s: %ld instead of %ld\n", what, is, want);
	failed = 1;
}

static long get(void)
{
	return prctl(PR_GET_SPECULATION_CTRL, ASI, 0, 0, 0);
}

/* 0 or the error. */
static int set(unsigned long to)
{
	return prctl(PR_SET_SPECULATION_CTRL, ASI, to, 0, 0) ? errno : 0;
}

/* How often any CPU entered a restricted table on the return to user mode. */
static unsigned long entries(void)
{
	FILE *f = fopen("/sys/kernel/debug/asi/stats", "r");
	char line[128], from[16];
	unsigned long n, sum = 0;

	if (!f) {
		perror("asi/stats");
		exit(1);
	}
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*u enter %15s %lu", from, &n) == 2 && !strcmp(from, "user"))
			sum += n;
	fclose(f);
	return sum;
}

/* An idle machine: whatever enters is this process. */
static unsigned long entries_of_calls(void)
{
	unsigned long before = entries();

	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
	return entries() - before;
}

static int to_thread[2];

/* Once the other thread has asked. */
static void *thread(void *arg)
{
	char c;

	if (read(to_thread[0], &c, 1) == 0)
		*(long *)arg = get();
	return NULL;
}

static int fork_and_execute(void)
{
	int status;

	if (!fork()) {
		expect("in a child", get(), ON);
		if (failed)
			_exit(1);
		execl("/proc/self/exe", "guest-asi", "executed", NULL);
		_exit(1);
	}
	return wait(&status) < 0 || status;
}

int main(int argc, char **argv)
{
	pthread_t other;
	long in_thread = 0;

	if (argc > 1) {
		expect("after execve", get(), ON);
		return failed;
	}

	expect("at first", get(), OFF);
	expect("entries of a process that did not ask", entries_of_calls(), 0);
	expect("what has no effect", set(PR_SPEC_ENABLE), 0);
	expect("what cannot be undone, as if it could", set(PR_SPEC_DISABLE), ERANGE);
	expect("still", get(), OFF);
	if (pipe(to_thread) || pthread_create(&other, NULL, thread, &in_thread))
		expect("a thread", 0, 1);
	expect("isolation", set(PR_SPEC_FORCE_DISABLE), 0);
	expect("then", get(), ON);
	if (!entries())
		expect("entries of a process that asked", 0, 1);
	expect("undoing it", set(PR_SPEC_ENABLE), EPERM);
	close(to_thread[1]);
	if (pthread_join(other, NULL))
		expect("the end of the thread", 0, 1);
	expect("in a thread that was there before", in_thread, ON);
	expect("what a child and its program found", fork_and_execute(), 0);
	return failed;
}
