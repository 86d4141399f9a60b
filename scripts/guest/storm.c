// SPDX-License-Identifier: GPL-2.0
/*
 * guest-storm SECONDS [SEED]: let the kernel patch its own text in every way
 * that user space can ask for, in random order, while other threads run what is
 * patched, on the last CPU. After each step the bytes are read back through
 * /proc/kcore and the effect is looked for. With 0 seconds each way once.
 *
 * Exits 0 when all was as it should be and each way was gone at least once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/elf.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define TRACING		"/sys/kernel/tracing/"
#define TARGET		"__x64_sys_getppid"
#define PATIENCE	20

static unsigned long sites;

static void die(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	printf("storm: ");
	vprintf(what, args);
	printf("\n");
	va_end(args);
	exit(1);
}

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("cannot write %s to %s: %s", text, file, strerror(errno));
	close(fd);
}

/* get: the line of @file that holds @key, behind it; NULL if there is none. */
static char *get(const char *file, const char *key)
{
	static char line[4096];
	FILE *f = fopen(file, "r");
	char *found = NULL;

	if (!f)
		die("cannot read %s: %s", file, strerror(errno));
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, key);
	fclose(f);
	return found ? found + strlen(key) : NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Symbols */

struct symbol {
	unsigned long addr;
	char name[128];
};

/* each_symbol: those whose line contains @text; the number of them. */
static int each_symbol(const char *text, struct symbol *to, int max)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	struct symbol s;
	char line[512];
	int n = 0;

	if (!f)
		die("no /proc/kallsyms");
	while (n < max && fgets(line, sizeof(line), f)) {
		if (!strstr(line, text) || sscanf(line, "%lx %*c %127s", &s.addr, s.name) != 2)
			continue;
		to[n++] = s;
	}
	fclose(f);
	return n;
}

static unsigned long address_of(const char *name)
{
	struct symbol s[64];
	int n = each_symbol(name, s, ARRAY_SIZE(s));

	for (int i = 0; i < n; i++)
		if (!strcmp(s[i].name, name) && s[i].addr)
			return s[i].addr;
	die("no symbol %s", name);
	return 0;
}

/* Memory */

static void peek(unsigned long addr, void *to, size_t len)
{
	static struct elf64_phdr segments[512];
	static int fd = -1, nr;
	struct elf64_hdr header;

	if (fd < 0) {
		fd = open("/proc/kcore", O_RDONLY);
		if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
			die("cannot read /proc/kcore: %s", strerror(errno));
		nr = header.e_phnum;
		if (nr > (int)ARRAY_SIZE(segments))
			die("/proc/kcore has %d segments", nr);
		if (pread(fd, segments, nr * sizeof(*segments), header.e_phoff) < 0)
			die("cannot read the segments of /proc/kcore");
	}
	for (int i = 0; i < nr; i++) {
		unsigned long start = segments[i].p_vaddr;

		if (segments[i].p_type != PT_LOAD || addr < start ||
		    addr + len > start + segments[i].p_memsz)
			continue;
		if (pread(fd, to, len, segments[i].p_offset + addr - start) == (ssize_t)len)
			return;
		die("cannot read %zu bytes at %lx: %s", len, addr, strerror(errno));
	}
	die("%lx is not in /proc/kcore", addr);
}

static const uint8_t nop5[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
static const uint8_t nop2[2] = { 0x66, 0x90 };

static void expect_bytes(unsigned long addr, const uint8_t *want, size_t len, const char *after)
{
	char hex[3 * 16 + 1] = "";
	uint8_t have[16];

	peek(addr, have, len);
	sites++;
	if (!memcmp(have, want, len))
		return;
	for (size_t i = 0; i < len; i++)
		sprintf(hex + 3 * i, " %02x", have[i]);
	die("wrong bytes after %s at %lx:%s", after, addr, hex);
}

/* Only the first byte is known; the others are an address. */
static void expect_opcode(unsigned long addr, uint8_t opcode, const char *after)
{
	expect_bytes(addr, &opcode, 1, after);
}

/* Static keys */

struct jump_entry {
	int32_t code;
	int32_t target;
	int64_t key;
};

/* @entry was read from @at: its site must be a jump or a nop, as @enabled says. */
static void expect_site(unsigned long at, const struct jump_entry *entry, int enabled,
			const char *after)
{
	unsigned long code = at + entry->code, target = at + 4 + entry->target;
	uint8_t have[5], jmp8[2] = { 0xeb }, jmp32[5] = { 0xe9 };
	int32_t distance = target - code - sizeof(jmp32);
	int jump = enabled ^ (entry->key & 1);

	peek(code, have, sizeof(have));
	memcpy(jmp32 + 1, &distance, sizeof(distance));
	jmp8[1] = distance + sizeof(jmp32) - sizeof(jmp8);
	if (have[0] == nop2[0] || have[0] == jmp8[0])
		expect_bytes(code, jump ? jmp8 : nop2, 2, after);
	else
		expect_bytes(code, jump ? jmp32 : nop5, 5, after);
}

static unsigned long key_of(unsigned long at, const struct jump_entry *entry)
{
	return at + 8 + (entry->key & ~3L);
}

/* The code of an initialiser was freed. */
static int is_init(const struct jump_entry *entry)
{
	return entry->key & 2;
}

/* Every site of the kernel's jump table that belongs to a key. */
static void expect_key(unsigned long key, int enabled, const char *after)
{
	static struct jump_entry *table;
	static unsigned long start, stop;
	int n = 0;

	if (!table) {
		start = address_of("__start___jump_table");
		stop = address_of("__stop___jump_table");
		table = malloc(stop - start);
		if (!table)
			die("no memory");
		peek(start, table, stop - start);
	}
	for (unsigned long i = 0; i < (stop - start) / sizeof(*table); i++) {
		unsigned long at = start + i * sizeof(*table);

		if (key_of(at, &table[i]) != key || is_init(&table[i]))
			continue;
		expect_site(at, &table[i], enabled, after);
		n++;
	}
	if (!n)
		die("no site of the key in %s", after);
}

/* The threads that run what is patched. */

static volatile unsigned long calls, yields;
static int last_cpu;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* Its CPU may be offline, or go that way. */
	sched_setaffinity(0, sizeof(set), &set);
}

static void *call(void *ppid)
{
	pin(last_cpu);
	for (;;) {
		if (syscall(SYS_getppid) != (long)ppid)
			die("getppid() returns a wrong value");
		/* With breaks: one host thread may run all CPUs. */
		if (++calls % 256 == 0)
			usleep(500);
	}
	return NULL;
}

static void *yield(void *unused)
{
	pin(last_cpu);
	for (;;) {
		sched_yield();
		if (++yields % 32 == 0)
			usleep(500);
	}
	return unused;
}

/* wait_for: until @true(arg) is, if the other threads get on meanwhile. */
static void wait_for(int (*is_true)(void *arg), void *arg, const char *what)
{
	double until = now() + PATIENCE;

	while (!is_true(arg)) {
		if (now() > until)
			die("no effect of %s within %d s", what, PATIENCE);
		usleep(1000);
	}
}

static int more_calls(void *since)
{
	return calls > *(unsigned long *)since + 10;
}

static int more_yields(void *since)
{
	return yields > *(unsigned long *)since + 10;
}

static void let_them_run(void)
{
	unsigned long calls_now = calls, yields_now = yields;

	wait_for(more_calls, &calls_now, "getppid()");
	wait_for(more_yields, &yields_now, "sched_yield()");
}

/* Function tracer */

static int traced(void *unused)
{
	char *written = get(TRACING "trace", "entries-written: ");

	(void)unused;
	written = written ? strchr(written, '/') : NULL;
	return written && atol(written + 1) > 0;
}

static void function_tracer(void)
{
	unsigned long site = address_of(TARGET);

	expect_bytes(site, nop5, 5, "no tracer");
	/* Opened for writing alone, the filter begins anew. */
	close(open(TRACING "set_ftrace_filter", O_WRONLY | O_TRUNC));
	put(TRACING "set_ftrace_filter", TARGET);
	put(TRACING "current_tracer", "function");
	expect_opcode(site, 0xe8, "the tracer is on");
	wait_for(traced, NULL, "the function tracer");
	put(TRACING "current_tracer", "nop");
	expect_bytes(site, nop5, 5, "the tracer is off");
}

/* Some hundred at a time; the kernel's own test at boot takes all. */
static void many_functions(void)
{
	unsigned long site = address_of("__x64_sys_sched_yield");

	expect_bytes(site, nop5, 5, "no tracer");
	put(TRACING "set_ftrace_filter", "*sched*");
	put(TRACING "current_tracer", "function");
	expect_opcode(site, 0xe8, "many functions are traced");
	wait_for(traced, NULL, "the function tracer");
	put(TRACING "current_tracer", "nop");
	expect_bytes(site, nop5, 5, "no function is traced");
}

/* Static keys: yields are counted for each CPU while sched_schedstats is on. */

static long yield_counts[64];

/* new_yields: since the last call, on the CPUs that were online then and are now. */
static long new_yields(void)
{
	static int last_call[ARRAY_SIZE(yield_counts)], call;
	FILE *f = fopen("/proc/schedstat", "r");
	long count, more = 0;
	char line[4096];
	int cpu;

	if (!f)
		die("no /proc/schedstat");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu%d %ld", &cpu, &count) != 2 ||
		    cpu >= (int)ARRAY_SIZE(yield_counts))
			continue;
		if (last_call[cpu] == call)
			more += count - yield_counts[cpu];
		yield_counts[cpu] = count;
		last_call[cpu] = call + 1;
	}
	call++;
	fclose(f);
	return more;
}

static int yields_are_counted(void *unused)
{
	(void)unused;
	return new_yields() > 0;
}

static void static_key(void)
{
	static const char file[] = "/proc/sys/kernel/sched_schedstats";
	unsigned long key = address_of("sched_schedstats");

	new_yields();
	put(file, "1");
	expect_key(key, 1, "schedstats are on");
	wait_for(yields_are_counted, NULL, "schedstats");
	put(file, "0");
	expect_key(key, 0, "schedstats are off");
	/* Who was past the key when it changed may still count. */
	let_them_run();
	new_yields();
	let_them_run();
	if (new_yields())
		die("yields are counted with schedstats off");
}

/* Kprobes */

static int probe_hit(void *unused)
{
	char *hits = get(TRACING "kprobe_profile", "storm");

	(void)unused;
	return hits && atol(hits) > 0;
}

static int is_jump(void *site)
{
	uint8_t byte;

	peek((unsigned long)site, &byte, 1);
	return byte == 0xe9;
}

static int is_unprobed(void *site)
{
	uint8_t byte;

	peek((unsigned long)site, &byte, 1);
	return byte != 0xe9 && byte != 0xcc;
}

static void toggle_probe(const char *function, int offset, const char *optimise,
			 uint8_t opcode, const char *what)
{
	unsigned long site = address_of(function) + offset;
	uint8_t before[16];
	char text[128];

	peek(site, before, sizeof(before));
	if (!offset)
		expect_bytes(site, nop5, 5, "no probe");
	put("/proc/sys/debug/kprobes-optimization", optimise);
	sprintf(text, "p:storm %s+%d\n", function, offset);
	put(TRACING "kprobe_events", text);
	put(TRACING "events/kprobes/storm/enable", "1");
	/* Optimisation comes and goes later, by a worker, which hotplug delays. */
	if (opcode == 0xe9)
		wait_for(is_jump, (void *)site, "the optimisation of a probe");
	expect_opcode(site, opcode, what);
	wait_for(probe_hit, NULL, what);
	put(TRACING "events/kprobes/storm/enable", "0");
	put(TRACING "kprobe_events", "-:storm\n");
	if (opcode == 0xe9)
		wait_for(is_unprobed, (void *)site, "the removal of an optimised probe");
	expect_bytes(site, before, sizeof(before), "a probe is removed");
}

static void probe_by_ftrace(void)
{
	toggle_probe(TARGET, 0, "1", 0xe8, "a probe by ftrace");
}

/* Behind the call to the tracer is the first instruction of the function. */
static void probe_by_int3(void)
{
	toggle_probe(TARGET, 5, "0", 0xcc, "a probe by int3");
}

/* is_movable: five bytes of what may run elsewhere: movabs or pushes. */
static int is_movable(const uint8_t *code)
{
	int len = 0;

	if ((code[0] & 0xfe) == 0x48 && (code[1] & 0xf8) == 0xb8)
		return 1;
	while (len < 5) {
		len += code[len] == 0x41;
		if ((code[len++] & 0xf8) != 0x50)
			return 0;
	}
	return 1;
}

/* Functions that the threads run; how they begin is the compiler's business. */
static void probe_by_jump(void)
{
	static const char * const functions[] = {
		"__x64_sys_clock_nanosleep", "common_nsleep", "hrtimer_nanosleep",
		"do_nanosleep", "update_curr", "enqueue_task_fair",
	};
	uint8_t code[16];

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		peek(address_of(functions[i]) + 5, code, sizeof(code));
		if (!is_movable(code))
			continue;
		toggle_probe(functions[i], 5, "1", 0xe9, "an optimised probe");
		return;
	}
	die("no function begins so that its probe can be a jump");
}

/* Modules: they change static keys of each other, and look at them. */

static void insert(const char *name)
{
	char path[128];
	int fd;

	sprintf(path, "/modules/%s.ko", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		die("cannot load %s: %s", path, strerror(errno));
	close(fd);
}

static void delete(const char *name)
{
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		die("cannot unload %s: %s", name, strerror(errno));
}

/* section_size: of a section of a module's file; 0 if it has none. */
static size_t section_size(const char *file, const char *name)
{
	struct elf64_hdr header;
	struct elf64_shdr s[128];
	char names[8192] = "";
	int fd = open(file, O_RDONLY);
	size_t size = 0;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    header.e_shnum > ARRAY_SIZE(s) ||
	    pread(fd, s, header.e_shnum * sizeof(*s), header.e_shoff) < 0 ||
	    pread(fd, names, sizeof(names) - 1, s[header.e_shstrndx].sh_offset) < 0)
		die("cannot read the sections of %s", file);
	close(fd);
	for (int i = 0; i < header.e_shnum; i++)
		if (s[i].sh_name < sizeof(names) && !strcmp(names + s[i].sh_name, name))
			size = s[i].sh_size;
	return size;
}

/* Every site of the module, by what its key says. */
static void load_and_unload(void)
{
	size_t size = section_size("/modules/test_static_keys.ko", "__jump_table");
	char *line;
	unsigned long start;
	struct jump_entry entry;
	struct symbol s;
	int n = 0;

	insert("test_static_key_base");
	insert("test_static_keys");
	line = get("/sys/module/test_static_keys/sections/__jump_table", "0x");
	start = line ? strtoul(line, NULL, 16) : 0;
	for (unsigned long at = start; at < start + size; at += sizeof(entry)) {
		int32_t enabled;

		peek(at, &entry, sizeof(entry));
		if (is_init(&entry))
			continue;
		peek(key_of(at, &entry), &enabled, sizeof(enabled));
		expect_site(at, &entry, enabled > 0, "a module is loaded");
		n++;
	}
	if (!n)
		die("the module has no site");
	delete("test_static_keys");
	delete("test_static_key_base");
	if (each_symbol("[test_static_key", &s, 1))
		die("%s is still there", s.name);
}

/* BPF: a program of more than a page, on a tracepoint. */

#define STEPS	700

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

struct result {
	uint64_t value;
	uint64_t runs;
};

static struct result look_up(int map)
{
	struct result r = { 0 };
	uint32_t key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)&r,
	};

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		die("cannot read a BPF map: %s", strerror(errno));
	return r;
}

static int program_ran(void *map)
{
	return look_up(*(int *)map).runs > 0;
}

struct image {
	unsigned long addr;
	uint32_t len;
	uint8_t bytes[16384];
};

static int image_is_gone(void *arg)
{
	static uint8_t have[16384];
	struct image *image = arg;

	peek(image->addr, have, image->len);
	return memcmp(have, image->bytes, image->len);
}

static void find_image(int prog, struct image *image)
{
	struct bpf_prog_info info = { .nr_jited_ksyms = 1 };
	union bpf_attr attr = { 0 };
	uint64_t addr = 0;

	info.jited_ksyms = (unsigned long)&addr;
	attr.info.bpf_fd = prog;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) || !addr)
		die("where is the BPF program: %s", strerror(errno));
	if (info.jited_prog_len <= 4096 || info.jited_prog_len > sizeof(image->bytes))
		die("the BPF program has %u bytes", info.jited_prog_len);
	image->addr = addr;
	image->len = info.jited_prog_len;
	peek(addr, image->bytes, image->len);
}

static void bpf_program(void)
{
	static struct bpf_insn insn[STEPS + 32];
	static uint8_t code[6 * STEPS];
	static struct image image;
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
				.value_size = sizeof(struct result), .max_entries = 1 };
	unsigned long key = address_of("__tracepoint_sched_switch") + 8;
	struct result r, later;
	int map, prog, link, n = 0;
	uint64_t want = 7;

	map = bpf(BPF_MAP_CREATE, &attr);
	if (map < 0)
		die("cannot create a BPF map: %s", strerror(errno));

	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 7 };
	for (int i = 0; i < STEPS; i++) {
		/* Too large for the short form. */
		int32_t imm = (rand() & 0x3fffffff) | 0x40000000;

		insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_XOR | BPF_K, .imm = imm };
		want ^= imm;
		code[6 * i] = 0x48;
		code[6 * i + 1] = 0x35;
		memcpy(code + 6 * i + 2, &imm, sizeof(imm));
	}
	/* r6 = r0; *(u32 *)(r10 - 4) = 0; r2 = r10 - 4; r1 = map; r0 = lookup() */
	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6 };
	insn[n++] = (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4 };
	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 };
	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4 };
	insn[n++] = (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1,
				       .src_reg = BPF_PSEUDO_MAP_FD, .imm = map };
	insn[n++] = (struct bpf_insn){ 0 };
	insn[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem };
	/* if (r0) { r0->value = r6; r1 = 1; lock r0->runs += r1; } return 0 */
	insn[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .off = 3 };
	insn[n++] = (struct bpf_insn){ .code = BPF_STX | BPF_MEM | BPF_DW, .src_reg = 6 };
	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1 };
	insn[n++] = (struct bpf_insn){ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .src_reg = 1, .off = 8,
				       .imm = BPF_ADD };
	insn[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K };
	insn[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = (unsigned long)insn;
	attr.insn_cnt = n;
	attr.license = (unsigned long)"GPL";
	prog = bpf(BPF_PROG_LOAD, &attr);
	if (prog < 0)
		die("cannot load a BPF program: %s", strerror(errno));
	find_image(prog, &image);
	sites++;
	if (!memmem(image.bytes, image.len, code, sizeof(code)))
		die("the BPF program has wrong bytes at %lx", image.addr);

	expect_key(key, 0, "no tracepoint");
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = (unsigned long)"sched_switch";
	attr.raw_tracepoint.prog_fd = prog;
	link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	if (link < 0)
		die("cannot attach a BPF program: %s", strerror(errno));
	expect_key(key, 1, "a tracepoint is on");
	wait_for(program_ran, &map, "a BPF program");
	close(link);
	expect_key(key, 0, "a tracepoint is off");
	r = look_up(map);
	let_them_run();
	later = look_up(map);
	if (r.value != want || later.value != want)
		die("a BPF program computed %lx instead of %lx", r.value, want);
	close(prog);
	wait_for(image_is_gone, &image, "the end of a BPF program");
	close(map);
}

static struct {
	const char *name;
	void (*run)(void);
	/* Of 100 rounds; the others share the rest. */
	int share;
	unsigned long done;
} kinds[] = {
	{ "function tracer", function_tracer, 17 },
	{ "many functions", many_functions, 5 },
	{ "static key", static_key, 18 },
	{ "kprobe by ftrace", probe_by_ftrace, 14 },
	{ "kprobe by int3", probe_by_int3, 14 },
	{ "kprobe by jump", probe_by_jump, 14 },
	{ "module", load_and_unload, 8 },
	{ "BPF program", bpf_program, 10 },
};

static int choose(void)
{
	int at = rand() % 100, kind = 0;

	while (at >= kinds[kind].share)
		at -= kinds[kind++].share;
	return kind;
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (unsigned int)time(NULL) ^ getpid();
	long seconds = argc > 1 ? atol(argv[1]) : -1;
	pthread_t thread;
	double end;

	if (seconds < 0) {
		fprintf(stderr, "usage: guest-storm SECONDS [SEED]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("storm: %ld s, seed %u\n", seconds, seed);
	srand(seed);
	if (access(TRACING "trace", R_OK) && mount("tracefs", TRACING, "tracefs", 0, NULL))
		die("no tracefs: %s", strerror(errno));
	last_cpu = sysconf(_SC_NPROCESSORS_CONF) - 1;
	if (pthread_create(&thread, NULL, call, (void *)(long)getppid()) ||
	    pthread_create(&thread, NULL, yield, NULL))
		die("no threads: %s", strerror(errno));
	pin(0);
	let_them_run();

	/* Each once, then at random. */
	end = now() + seconds;
	for (unsigned long round = 0; round < ARRAY_SIZE(kinds) || now() < end; round++) {
		int kind = round < ARRAY_SIZE(kinds) ? (int)round : choose();

		kinds[kind].run();
		kinds[kind].done++;
	}
	for (unsigned long i = 0; i < ARRAY_SIZE(kinds); i++)
		printf("storm: %s: %lu\n", kinds[i].name, kinds[i].done);
	printf("storm: %lu sites compared, %lu calls and %lu yields beside them\n",
	       sites, calls, yields);
	/* The threads are still at it; nothing of theirs is to be kept. */
	_exit(0);
}
