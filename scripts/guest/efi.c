// SPDX-License-Identifier: GPL-2.0
/*
 * guest-efi TEST: what user space can ask of the runtime services, one test a
 * run. Exits 0 when the test passed; otherwise says what went wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VARS	"/sys/firmware/efi/efivars/"
#define CALLS	"/sys/kernel/debug/efi_calls/"
#define GUID	"c0ffee00-1234-4567-89ab-0123456789ab"

#define EFI_ERROR	0x8000000000000000UL
#define EFI_DEVICE_ERROR	(EFI_ERROR | 7)
#define EFI_NOT_FOUND	(EFI_ERROR | 14)

/* /dev/efi_test, CONFIG_EFI_TEST; its header is not one for user space. */
struct efi_time {
	uint16_t year;
	uint8_t month, day, hour, minute, second, pad1;
	uint32_t nanosecond;
	int16_t timezone;
	uint8_t daylight, pad2;
};

struct gettime {
	struct efi_time *time;
	void *capabilities;
	uint64_t *status;
} __attribute__((packed));

struct settime {
	struct efi_time *time;
	uint64_t *status;
} __attribute__((packed));

struct getwakeup {
	uint8_t *enabled, *pending;
	struct efi_time *time;
	uint64_t *status;
} __attribute__((packed));

struct setwakeup {
	uint8_t enabled;
	struct efi_time *time;
	uint64_t *status;
} __attribute__((packed));

struct nextname {
	uint64_t *size;
	uint16_t *name;
	uint8_t *guid;
	uint64_t *status;
} __attribute__((packed));

struct query {
	uint32_t attributes;
	uint64_t *space, *remaining, *largest, *status;
} __attribute__((packed));

struct count {
	uint32_t *high;
	uint64_t *status;
} __attribute__((packed));

#define GET_TIME	_IOR('p', 0x03, struct gettime)
#define SET_TIME	_IOW('p', 0x04, struct settime)
#define GET_WAKEUP	_IOR('p', 0x05, struct getwakeup)
#define SET_WAKEUP	_IOW('p', 0x06, struct setwakeup)
#define NEXT_NAME	_IOWR('p', 0x07, struct nextname)
#define QUERY		_IOR('p', 0x08, struct query)
#define HIGH_COUNT	_IOR('p', 0x09, struct count)

static int efi = -1;
static uint64_t status;

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s, status %llx\n", what, strerror(errno),
		(unsigned long long)status);
	return 1;
}

static int no(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 1;
}

static int open_efi(void)
{
	efi = open("/dev/efi_test", O_RDWR);
	return efi < 0 ? fail("/dev/efi_test") : 0;
}

/* Seconds; the machine's clock has no time zone. */
static time_t seconds(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
			 .tm_hour = hour, .tm_min = minute, .tm_sec = second };

	return timegm(&tm);
}

static time_t efi_seconds(const struct efi_time *t)
{
	return seconds(t->year, t->month, t->day, t->hour, t->minute, t->second);
}

static time_t firmware_clock(void)
{
	struct efi_time now = { 0 };
	struct gettime arg = { .time = &now, .status = &status };

	if (ioctl(efi, GET_TIME, &arg) || status)
		return -1;
	return efi_seconds(&now);
}

static time_t cmos_clock(void)
{
	struct rtc_time t;
	int fd = open("/dev/rtc0", O_RDONLY);
	int err = fd < 0 || ioctl(fd, RTC_RD_TIME, &t);

	close(fd);
	return err ? -1 : seconds(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
				  t.tm_min, t.tm_sec);
}

/* What the driver of the CMOS reads lies between two answers of the firmware. */
static int same_clock(void)
{
	time_t before = firmware_clock();
	time_t cmos = cmos_clock();
	time_t after = firmware_clock();

	if (before < 0 || cmos < 0 || after < 0)
		return fail("reading the clock");
	if (before <= cmos && cmos <= after)
		return 0;
	printf("firmware %lld, CMOS %lld, firmware %lld\n", (long long)before,
	       (long long)cmos, (long long)after);
	return no("two clocks");
}

/* Get and set the time, and the alarm, and look at both from the other side. */
static int test_time(void)
{
	struct efi_time then = { 2031, 2, 3, 4, 5, 6, .timezone = 0x7ff };
	struct efi_time alarm = { 2031, 2, 3, 14, 15, 16, .timezone = 0x7ff };
	struct efi_time got = { 0 };
	struct settime set = { &then, &status };
	struct setwakeup wake = { 1, &alarm, &status };
	uint8_t enabled = 0, pending = 0;
	struct getwakeup woken = { &enabled, &pending, &got, &status };
	time_t now, was = time(NULL);

	if (open_efi() || same_clock())
		return 1;
	now = firmware_clock();
	printf("%lld, the kernel started with %lld\n", (long long)now, (long long)was);
	if (now / 3600 != was / 3600 && now / 3600 != was / 3600 + 1)
		return no("the kernel's time is another");

	if (ioctl(efi, SET_TIME, &set) || status)
		return fail("setting the clock");
	if (same_clock())
		return 1;
	now = cmos_clock();
	if (now < efi_seconds(&then) || now > efi_seconds(&then) + 60)
		return no("the clock was not set");

	if (ioctl(efi, SET_WAKEUP, &wake) || status)
		return fail("setting the alarm");
	if (ioctl(efi, GET_WAKEUP, &woken) || status)
		return fail("reading the alarm");
	if (!enabled || got.hour != alarm.hour || got.minute != alarm.minute ||
	    got.second != alarm.second)
		return no("the alarm was not set");
	wake.enabled = 0;
	if (ioctl(efi, SET_WAKEUP, &wake) || status)
		return fail("clearing the alarm");
	if (ioctl(efi, GET_WAKEUP, &woken) || status || enabled)
		return fail("the alarm was not cleared");
	return 0;
}

/* The firmware's own list of variables is that of efivarfs, and there is a store. */
static int test_names(void)
{
	uint64_t size, space = 0, remaining = 0, largest = 0;
	uint16_t name[512] = { 0 };
	uint8_t guid[16] = { 0 };
	struct nextname arg = { &size, name, guid, &status };
	struct query query = { 7, &space, &remaining, &largest, &status };
	struct stat st;
	int n = 0;

	if (open_efi())
		return 1;
	for (;; n++) {
		char path[700], *p = stpcpy(path, VARS);

		size = sizeof(name);
		if (ioctl(efi, NEXT_NAME, &arg))
			break;
		for (int i = 0; name[i]; i++)
			*p++ = name[i];
		sprintf(p, "-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			guid[3], guid[2], guid[1], guid[0], guid[5], guid[4], guid[7],
			guid[6], guid[8], guid[9], guid[10], guid[11], guid[12], guid[13],
			guid[14], guid[15]);
		if (stat(path, &st))
			return fail(path);
	}
	if (status != EFI_NOT_FOUND || n < 10)
		return fail("the list does not end");

	if (ioctl(efi, QUERY, &query) || status)
		return fail("query variable info");
	if (!space || remaining >= space || largest >= space)
		return no("sizes of the store");
	printf("%d variables in both lists\n", n);
	return 0;
}

static int test_count(void)
{
	uint32_t high = 0, next = 0;
	struct count first = { &high, &status }, second = { &next, &status };

	if (open_efi())
		return 1;
	if (ioctl(efi, HIGH_COUNT, &first) || ioctl(efi, HIGH_COUNT, &second) || status)
		return fail("high count");
	return next == high + 1 ? 0 : no("the count does not count");
}

/*
 * What EFI maps, below the kernel half and in its range of the kernel half, by
 * the regions of the firmware's memory map. A range is named by the region in
 * which it begins: the size of the kernel moves one region, and what the kernel
 * allocated itself.
 */
#define TABLE	"/sys/kernel/debug/page_tables/efi"
#define MAP	"/sys/firmware/efi/runtime-map/%d/%s"

static struct region {
	uint64_t phys, virt, pages, attribute;
} regions[64];

static int nr_regions;

static uint64_t number(int region, const char *name)
{
	unsigned long long n = 0;
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), MAP, region, name);
	f = fopen(path, "r");
	if (!f)
		return ~0UL;
	if (fscanf(f, "%llx", &n) != 1)
		n = ~0UL;
	fclose(f);
	return n;
}

static int read_regions(void)
{
	for (; nr_regions < 64; nr_regions++) {
		struct region *r = &regions[nr_regions];

		r->phys = number(nr_regions, "phys_addr");
		if (r->phys == ~0UL)
			break;
		r->virt = number(nr_regions, "virt_addr");
		r->pages = number(nr_regions, "num_pages");
		r->attribute = number(nr_regions, "attribute");
		printf("region %d: type %llx, %llu pages, attribute %llx\n", nr_regions,
		       (unsigned long long)number(nr_regions, "type"),
		       (unsigned long long)r->pages, (unsigned long long)r->attribute);
	}
	return nr_regions > 3 ? 0 : no("the firmware's memory map is not there");
}

static void print_range(uint64_t start, const char *rest)
{
	for (int i = 0; i < nr_regions; i++) {
		struct region *r = &regions[i];

		if (start - r->phys < r->pages * 4096)
			printf("maps region %d, physical + %llx%s", i,
			       (unsigned long long)(start - r->phys), rest);
		else if (start - r->virt < r->pages * 4096)
			printf("maps region %d, virtual + %llx%s", i,
			       (unsigned long long)(start - r->virt), rest);
		else
			continue;
		return;
	}
	if (start < 4096)
		printf("maps address %llx%s", (unsigned long long)start, rest);
	else
		printf("maps memory of the kernel%s", rest);
}

static int test_table(void)
{
	unsigned long long start, end;
	char line[256];
	FILE *f = fopen(TABLE, "r");
	int n = 0, rest;

	if (!f || read_regions())
		return fail(TABLE);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "0x%llx-0x%llx%n", &start, &end, &rest) != 2)
			continue;
		if (start >> 63 && (start < 0xffffffef00000000 || start >= 0xffffffff00000000))
			continue;
		/* Present, that is. */
		if (!strstr(line, " RW ") && !strstr(line, " ro "))
			continue;
		print_range(start, line + rest);
		n++;
	}
	fclose(f);
	return n > 10 ? 0 : no("next to nothing is mapped");
}

static int test_targets(void)
{
	unsigned long long pages, physical, virtual;
	FILE *f = fopen(CALLS "targets", "r");
	int n = 0;

	if (!f)
		return fail(CALLS "targets");
	while (fscanf(f, "%llu %llu %llu", &pages, &physical, &virtual) == 3)
		printf("region %d: %llu pages, %llu mapped at their physical and %llu at their virtual addresses\n",
		       n++, pages, physical, virtual);
	fclose(f);
	return n > 3 ? 0 : no("the firmware's regions are not there");
}

/* Where the kernel has its code or its constants, by the end of a line of iomem. */
static int read_image(const char *what, unsigned long long *start, unsigned long long *end)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what) && sscanf(line, " %llx-%llx", start, end) == 2;
	if (f)
		fclose(f);
	if (!found || !*start)
		return fail("/proc/iomem");
	++*end;
	return 0;
}

/*
 * The pages of such a range that are mapped with these attributes, or with any, if NULL; the
 * largest number if that cannot be read, which no check takes for right.
 */
static unsigned long long mapped_pages(const char *what, const char *attributes)
{
	unsigned long long from, to, start, end, pages = 0;
	FILE *f = fopen(TABLE, "r");
	char line[256];

	if (!f || read_image(what, &from, &to))
		return ~0ULL;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "0x%llx-0x%llx", &start, &end) != 2 ||
		    (!strstr(line, " RW ") && !strstr(line, " ro ")))
			continue;
		start = start < from ? from : start;
		end = end > to ? to : end;
		if (start < end && (!attributes ||
				    (strstr(line, " ro ") && strstr(line, attributes))))
			pages += (end - start) / 4096;
	}
	fclose(f);
	return pages;
}

/*
 * In mixed mode the firmware is given physical addresses of constants, among which is
 * the page of code that it returns to; and nothing can run kernel text.
 */
static int test_image(void)
{
	unsigned long long constants = mapped_pages(": Kernel rodata", " NX ");
	unsigned long long code = mapped_pages(": Kernel rodata", " x ");

	printf("%llu pages of constants, %llu of code\n", constants, code);
	if (!constants || constants + code != mapped_pages(": Kernel rodata", NULL))
		return no("the firmware can write to constants, or lacks them");
	if (code != 1)
		return no("the firmware needs one page of code");
	return mapped_pages(": Kernel code", NULL) ? no("the firmware has kernel text mapped") : 0;
}

/*
 * Runtime calls on one CPU while another changes what the same process maps.
 * A page moves through a file: what it reads says which change was the last.
 */
#define PAGES	64
#define CALLS_MIN	100
#define CALLS_MAX	10000
#define MIDDLE_MIN	20
#define LOADED_MIN	3
/* Most of the time one is in the firmware: the way through the worker is long. */
#define DIRECT_NR	50

static char *window, *file_pages;
static int window_fd, inside_fd, loaded_fd;
static volatile int stop, trouble;
static volatile uint64_t published;
static volatile unsigned long changes, in_the_middle, seen_loaded;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		trouble = fail("sched_setaffinity");
}

/* Odd while a direct call is in the firmware. */
static unsigned int inside(void)
{
	char said[16] = "";

	if (pread(inside_fd, said, sizeof(said) - 1, 0) <= 0)
		trouble = fail(CALLS "inside");
	return atoi(said);
}

/* What is mapped, or its protection, changes: each is a flush on every CPU. */
static int replace(size_t at)
{
	return mmap(window, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, window_fd, at) != window;
}

static int close_window(size_t at)
{
	(void)at;
	return mprotect(window, 4096, PROT_NONE);
}

/*
 * A direct call that is in the firmware before and after the flush was in it
 * when the interrupt of the flush came.
 */
static void flush_with(int (*how)(size_t), size_t at, int wait)
{
	unsigned int call = inside();

	while (wait && !(call & 1) && !stop && !trouble)
		call = inside();
	if (how(at))
		trouble = fail("changing the window");
	if (call & 1 && inside() == call)
		in_the_middle++;
}

/*
 * The interrupt that asks comes in the middle of a direct call, and sees the page
 * table of EFI, or between its steps, and does not. Ours never has it.
 */
static void look_inside(void)
{
	unsigned int call = inside();
	char said[8] = "";

	while (!(call & 1) && !stop && !trouble)
		call = inside();
	if (pread(loaded_fd, said, sizeof(said) - 1, 0) != 4)
		trouble = fail(CALLS "loaded");
	if (said[0] == '1')
		seen_loaded++;
	if (said[2] != '0')
		trouble = no("the page table of EFI is loaded where there is no call");
}

/* Every other change waits for a direct call; the rest come at any time. */
static void *change(void *arg)
{
	pin(1);
	for (uint64_t n = 1; !stop && !trouble; n++) {
		size_t at = n % PAGES * 4096;

		*(volatile uint64_t *)(file_pages + at) = n;
		flush_with(replace, at, n & 1);
		if (*(volatile uint64_t *)window != n)
			trouble = no("the window shows another page");
		flush_with(close_window, at, n & 1);
		if (mprotect(window, 4096, PROT_READ))
			trouble = fail("mprotect");
		if (*(volatile uint64_t *)window != n)
			trouble = no("the window shows another page when it opens");
		__atomic_store_n(&published, n, __ATOMIC_SEQ_CST);
		look_inside();
		changes++;
	}
	return arg;
}

/* No CPU keeps what it had loaded for the firmware. */
static int left(void)
{
	char said[128];
	int fd = open(CALLS "loaded", O_RDONLY);
	ssize_t n = pread(fd, said, sizeof(said), 0);

	close(fd);
	if (n != 2 * sysconf(_SC_NPROCESSORS_ONLN))
		return fail(CALLS "loaded");
	for (ssize_t i = 0; i < n; i += 2)
		if (said[i] != '0')
			return no("the page table of EFI is still loaded");
	return 0;
}

static int race_once(int var, int direct, const char *wanted)
{
	uint64_t low, shown, high;
	char said[64];
	ssize_t n;

	low = __atomic_load_n(&published, __ATOMIC_SEQ_CST);
	n = pread(var, said, sizeof(said), 0);
	if (n != 11 || memcmp(said, "\7\0\0\0written", 11))
		return fail("the variable reads otherwise");
	for (int i = 0; i < DIRECT_NR; i++) {
		n = pread(direct, said, sizeof(said) - 1, 0);
		if (n <= 0)
			return fail(CALLS "direct");
		said[n] = 0;
		if (strcmp(said, wanted))
			return no("a direct call answers otherwise");
	}
	/* The kernel reads the window for us: it may be closed just now. */
	do {
		low = __atomic_load_n(&published, __ATOMIC_SEQ_CST);
		n = pwrite(window_fd, window, 8, PAGES * 4096);
	} while (n != 8 && errno == EFAULT && !trouble);
	if (n != 8 || pread(window_fd, &shown, 8, PAGES * 4096) != 8)
		return fail("reading the window");
	high = __atomic_load_n(&published, __ATOMIC_SEQ_CST) + 1;
	if (shown < low || shown > high) {
		printf("the window shows %llu, not %llu to %llu\n", (unsigned long long)shown,
		       (unsigned long long)low, (unsigned long long)high);
		return no("a translation that was flushed is used");
	}
	return 0;
}

static int test_race(void)
{
	int var = open(VARS "PgTableStays-" GUID, O_RDONLY);
	int direct = open(CALLS "direct", O_RDONLY);
	char wanted[64] = "";
	pthread_t thread;
	int n, err = 0;

	inside_fd = open(CALLS "inside", O_RDONLY);
	loaded_fd = open(CALLS "loaded", O_RDONLY);
	window_fd = memfd_create("window", 0);
	if (var < 0 || direct < 0 || inside_fd < 0 || loaded_fd < 0 || window_fd < 0)
		return fail("open");
	if (ftruncate(window_fd, (PAGES + 1) * 4096))
		return fail("ftruncate");
	file_pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, window_fd, 0);
	window = mmap(NULL, 4096, PROT_READ, MAP_SHARED, window_fd, 0);
	if (file_pages == MAP_FAILED || window == MAP_FAILED)
		return fail("mmap");
	if (pread(direct, wanted, sizeof(wanted) - 1, 0) <= 0 || strncmp(wanted, "0 ", 2))
		return fail("the first direct call");

	pin(0);
	if (pthread_create(&thread, NULL, change, NULL))
		return fail("pthread_create");
	for (n = 0; n < CALLS_MAX && !err && !trouble; n++) {
		if (n >= CALLS_MIN && in_the_middle >= MIDDLE_MIN && seen_loaded >= LOADED_MIN)
			break;
		err = race_once(var, direct, wanted);
	}
	stop = 1;
	pthread_join(thread, NULL);
	printf("%d reads, %d direct calls, %lu changes, %lu flushes in the middle of a call\n", n,
	       n * DIRECT_NR, changes, in_the_middle);
	printf("%lu times EFI's page table was seen loaded\n", seen_loaded);
	if (!err && !trouble && in_the_middle < MIDDLE_MIN)
		err = no("too few flushes came in the middle of a call");
	if (!err && !trouble && seen_loaded < LOADED_MIN)
		err = no("the page table of EFI was hardly ever seen loaded");
	if (!err && !trouble)
		err = left();
	return err || trouble;
}

#define BAD_CALL	CALLS "fault"

/*
 * After a fault the caller has an error, and there are no services any more. The
 * worker that calls the firmware is alone on the first CPU, so that no process
 * comes there and loads its own table before we look.
 */
static int fault(const char *kind)
{
	int fd, err;

	fd = open("/sys/devices/virtual/workqueue/cpumask", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		return fail("the CPUs of workers");
	close(fd);
	pin(1);
	if (trouble || open_efi() || left())
		return 1;
	if (firmware_clock() < 0)
		return fail("the clock before that");

	fd = open(BAD_CALL, O_WRONLY);
	if (fd < 0)
		return fail(BAD_CALL);
	err = write(fd, kind, strlen(kind)) < 0 ? errno : 0;
	printf("the call: %s\n", strerror(err));
	if (err != EINTR || left())
		return no("it ends otherwise");

	if (firmware_clock() >= 0)
		return no("the clock can still be read");
	printf("the next call: status %llx\n", (unsigned long long)status);
	if (status != EFI_DEVICE_ERROR)
		return no("the next call ends otherwise");

	fd = open(VARS "PgTableNever-" GUID, O_WRONLY | O_CREAT, 0644);
	err = fd < 0 || write(fd, "\7\0\0\0x", 5) < 0 ? errno : 0;
	printf("writing a variable: %s\n", strerror(err));
	return err != EIO || left();
}

static int test_fault_data(void)
{
	return fault("data");
}

static int test_fault_code(void)
{
	return fault("code");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tests[] = {
		{ "time", test_time },
		{ "names", test_names },
		{ "count", test_count },
		{ "table", test_table },
		{ "targets", test_targets },
		{ "image", test_image },
		{ "race", test_race },
		{ "fault-data", test_fault_data },
		{ "fault-code", test_fault_code },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(argv[1], tests[i].name))
			return tests[i].run();
	fprintf(stderr, "usage: guest-efi names|count|time|table|targets|image|race|fault-data|fault-code\n");
	return 2;
}
