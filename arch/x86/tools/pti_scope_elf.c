// SPDX-License-Identifier: GPL-2.0
/* Read what pti_scope has to know from vmlinux. */
#include <linux/elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "pti_scope.h"

#define HERE "arch/x86/tools/pti_scope_elf.c"

struct vmlinux vmlinux;

/* Headers of a 32-bit file are converted to their 64-bit form. */
static const u8 *image;
static struct elf64_hdr head;
static struct elf64_shdr *sections;

/* The layout of alt_instr, exception_table_entry and jump_entry, and of pg_table_scope in words. */
struct raw_alternative {
	s32 at, code;
	u16 feature, flags;
	u8 len, code_len;
} __packed;

#define FLAG_UNLESS	1

struct raw_fixup {
	s32 from, to, data;
};

struct raw_jump {
	s32 from, to;		/* followed by a word */
};

enum { SCOPE_START = 2, SCOPE_END = 3, SCOPE_PERCPU = 5, SCOPE_WORDS = 6 };

/* The offset of x86_hw_tss.sp0, where cpu_init() stores the top of the entry stack. */
#define TSS_SP0		4

void *grow(void *array, int nr, size_t size)
{
	/* The capacity is always a power of two. */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array)
		die("close other programs", "out of memory");
	return array;
}

static int word_size(void)
{
	return vmlinux.bits / 8;
}

/* Read an unsigned long of the kernel. */
static u64 word(const u8 *bytes, int nr)
{
	return vmlinux.bits == 64 ? ((const u64 *)bytes)[nr] : ((const u32 *)bytes)[nr];
}

const u8 *bytes_at(u64 address, u64 *left)
{
	int i;

	for (i = 0; i < head.e_shnum; i++) {
		const struct elf64_shdr *s = &sections[i];

		if (!(s->sh_flags & SHF_ALLOC) || s->sh_type == SHT_NOBITS ||
		    address < s->sh_addr || address >= s->sh_addr + s->sh_size)
			continue;
		if (left)
			*left = s->sh_addr + s->sh_size - address;
		return image + s->sh_offset + (address - s->sh_addr);
	}
	return NULL;
}

const struct symbol *symbol_named(const char *name)
{
	int i;

	for (i = 0; i < vmlinux.nr_symbols; i++)
		if (!strcmp(vmlinux.symbols[i].name, name))
			return &vmlinux.symbols[i];
	return NULL;
}

static const struct symbol *needed(const char *name)
{
	const struct symbol *s = symbol_named(name);

	if (!s)
		die("build it with CONFIG_MITIGATION_PAGE_TABLE_ISOLATION, and do not strip it",
		    "vmlinux has no symbol %s", name);
	return s;
}

bool in_entry_text(u64 address)
{
	return address >= vmlinux.entry_start && address < vmlinux.entry_end;
}

bool in_scope(u64 address, bool percpu)
{
	int i;

	for (i = 0; i < vmlinux.nr_scope; i++) {
		const struct scope *s = &vmlinux.scope[i];

		if (s->percpu == percpu && address >= s->start && address < s->end)
			return true;
	}
	return false;
}

/* The number of symbols up to an address. */
static int symbols_until(u64 address)
{
	int low = 0, high = vmlinux.nr_symbols, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (vmlinux.symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Labels have no size, and functions do not overlap. */
const struct symbol *function_at(u64 address)
{
	const struct symbol *s = vmlinux.symbols + symbols_until(address);

	while (s-- > vmlinux.symbols)
		if (s->start < s->end)
			return address < s->end ? s : NULL;
	return NULL;
}

/* Is the nearest label up to @address at the same place as @name? */
bool is_at(u64 address, const char *name)
{
	const struct symbol *label = symbol_named(name);
	int n = symbols_until(address);

	return label && n && label->start == vmlinux.symbols[n - 1].start;
}

/* Format an address as symbol and offset. */
const char *name_of(u64 address, char *text)
{
	const struct symbol *s = function_at(address);

	if (!s)
		snprintf(text, NAME_MAX, "%#llx", (unsigned long long)address);
	else if (s->start == address)
		snprintf(text, NAME_MAX, "%s", s->name);
	else
		snprintf(text, NAME_MAX, "%s+%#llx", s->name,
			 (unsigned long long)(address - s->start));
	return text;
}

static const struct elf64_shdr *section(const char *name)
{
	const char *names = (const char *)image + sections[head.e_shstrndx].sh_offset;
	int i;

	for (i = 0; i < head.e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, name))
			return &sections[i];
	return NULL;
}

/* Code that early startup code calls as well has a second name. */
static bool is_alias(const struct symbol *s)
{
	return !strncmp(s->name, "__pi_", strlen("__pi_"));
}

/* Of several symbols at an address, function_at() finds the last one. */
static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return is_alias(y) - is_alias(x);
}

static struct elf64_sym symbol(const struct elf64_shdr *table, u64 nr)
{
	const u8 *at = image + table->sh_offset + nr * table->sh_entsize;
	const struct elf32_sym *s = (const void *)at;

	if (vmlinux.bits == 64)
		return *(const struct elf64_sym *)at;
	return (struct elf64_sym) {
		.st_name = s->st_name, .st_info = s->st_info, .st_shndx = s->st_shndx,
		.st_value = s->st_value, .st_size = s->st_size
	};
}

static void read_symbols(void)
{
	const struct elf64_shdr *table = section(".symtab");
	const char *names;
	size_t i;

	if (!table)
		die("do not strip it", "vmlinux has no symbols");
	names = (const char *)image + sections[table->sh_link].sh_offset;
	for (i = 0; i < table->sh_size / table->sh_entsize; i++) {
		struct elf64_sym sym = symbol(table, i);
		int type = ELF64_ST_TYPE(sym.st_info), nr = vmlinux.nr_symbols;

		if (type == STT_SECTION || type == STT_FILE || sym.st_shndx == SHN_UNDEF)
			continue;
		vmlinux.symbols = grow(vmlinux.symbols, nr, sizeof(*vmlinux.symbols));
		vmlinux.symbols[nr].start = sym.st_value;
		vmlinux.symbols[nr].end = sym.st_value + sym.st_size;
		vmlinux.symbols[nr].name = names + sym.st_name;
		vmlinux.nr_symbols++;
	}
	qsort(vmlinux.symbols, vmlinux.nr_symbols, sizeof(*vmlinux.symbols), by_address);
}

/* Without SMP, per-CPU variables are ordinary variables. */
static bool is_percpu(u64 address)
{
	const struct symbol *start = symbol_named("__per_cpu_start");
	const struct symbol *end = symbol_named("__per_cpu_end");

	return start && end && address >= start->start && address < end->start;
}

/* Only rows that are constant: what is mapped only on some CPUs does not count. */
static void read_scope(void)
{
	const struct symbol *s = needed("pti_scope");
	const u8 *raw = bytes_at(s->start, NULL);
	int i, size = SCOPE_WORDS * word_size();
	bool whole = false;

	if (!raw || (s->end - s->start) % size)
		die("compare struct pg_table_scope with " HERE,
		    "pti_scope[] cannot be read");
	for (i = (s->end - s->start) / size; i; i--, raw += size) {
		u64 start = word(raw, SCOPE_START), end = word(raw, SCOPE_END);

		if (start >= end)
			continue;
		vmlinux.scope = grow(vmlinux.scope, vmlinux.nr_scope, sizeof(*vmlinux.scope));
		vmlinux.scope[vmlinux.nr_scope++] = (struct scope) {
			start, end, raw[SCOPE_PERCPU * word_size()] && is_percpu(start)
		};
		whole |= start <= vmlinux.entry_start && end >= vmlinux.entry_end;
	}
	if (!whole)
		die("compare struct pg_table_scope with " HERE,
		    "pti_scope[] has no entry text");
}

static void read_alternatives(void)
{
	const struct elf64_shdr *s = section(".altinstructions");
	const struct raw_alternative *raw;
	struct alternative *alt;
	u64 at, off;

	if (!s)
		die("link it again", "vmlinux has no .altinstructions");
	for (off = 0; off + sizeof(*raw) <= s->sh_size; off += sizeof(*raw)) {
		raw = (const void *)(image + s->sh_offset + off);
		at = s->sh_addr + off + raw->at;
		if (!in_entry_text(at))
			continue;
		vmlinux.alternatives = grow(vmlinux.alternatives, vmlinux.nr_alternatives,
					    sizeof(*vmlinux.alternatives));
		alt = &vmlinux.alternatives[vmlinux.nr_alternatives++];
		alt->at = at;
		alt->len = raw->len;
		alt->code = s->sh_addr + off + offsetof(struct raw_alternative, code) + raw->code;
		alt->code_len = raw->code_len;
		alt->feature = raw->feature;
		alt->unless = raw->flags & FLAG_UNLESS;
	}
}

static void add(struct jump **array, int *nr, u64 from, u64 to)
{
	*array = grow(*array, *nr, sizeof(**array));
	(*array)[(*nr)++] = (struct jump) { from, to };
}

static void read_fixups(void)
{
	const struct elf64_shdr *s = section("__ex_table");
	const struct raw_fixup *raw;
	u64 off, at, to;

	for (off = 0; s && off + sizeof(*raw) <= s->sh_size; off += sizeof(*raw)) {
		raw = (const void *)(image + s->sh_offset + off);
		at = s->sh_addr + off;
		to = at + offsetof(struct raw_fixup, to) + raw->to;
		if (in_entry_text(to))
			add(&vmlinux.fixups, &vmlinux.nr_fixups, at + raw->from, to);
	}
}

static void read_labels(void)
{
	const struct symbol *start = symbol_named("__start___jump_table");
	const struct symbol *end = symbol_named("__stop___jump_table");
	int size = sizeof(struct raw_jump) + word_size();
	const struct raw_jump *raw;
	u64 at, from;

	for (at = start ? start->start : 0; end && at < end->start; at += size) {
		raw = (const void *)bytes_at(at, NULL);
		from = at + raw->from;
		if (in_entry_text(from))
			add(&vmlinux.labels, &vmlinux.nr_labels, from,
			    at + offsetof(struct raw_jump, to) + raw->to);
	}
}

/* In def_idts[] and the other tables of gates, each address in entry text is a gate. */
static void read_gates(void)
{
	int i;

	for (i = 0; i < vmlinux.nr_symbols; i++) {
		const struct symbol *s = &vmlinux.symbols[i];
		const u8 *raw = bytes_at(s->start, NULL);
		const char *idt = strstr(s->name, "_idt");
		u64 n;

		if (!raw || !idt || (strcmp(idt, "_idt") && strcmp(idt, "_idts")))
			continue;
		for (n = 0; n < (s->end - s->start) / word_size(); n++)
			if (in_entry_text(word(raw, n)))
				add(&vmlinux.gates, &vmlinux.nr_gates, 0, word(raw, n));
	}
	if (!vmlinux.nr_gates)
		die("compare arch/x86/kernel/idt.c with " HERE, "vmlinux has no IDT");
}

static bool read_head(size_t size)
{
	const struct elf32_hdr *small = (const void *)image;
	u64 section_size;

	if (size < sizeof(head) || memcmp(image, ELFMAG, SELFMAG))
		return false;
	memcpy(&head, image, sizeof(head));
	if (image[EI_CLASS] == ELFCLASS64 && head.e_machine == EM_X86_64) {
		vmlinux.bits = 64;
		section_size = sizeof(struct elf64_shdr);
	} else if (image[EI_CLASS] == ELFCLASS32 && small->e_machine == EM_386) {
		vmlinux.bits = 32;
		section_size = sizeof(struct elf32_shdr);
		head.e_shoff = small->e_shoff;
		head.e_shnum = small->e_shnum;
		head.e_shstrndx = small->e_shstrndx;
	} else {
		return false;
	}
	return head.e_shoff + head.e_shnum * section_size <= size;
}

static void read_sections(void)
{
	const struct elf32_shdr *small = (const void *)(image + head.e_shoff);
	int i;

	sections = calloc(head.e_shnum, sizeof(*sections));
	if (!sections)
		die("close other programs", "out of memory");
	if (vmlinux.bits == 64)
		memcpy(sections, image + head.e_shoff, head.e_shnum * sizeof(*sections));
	for (i = 0; vmlinux.bits == 32 && i < head.e_shnum; i++, small++)
		sections[i] = (struct elf64_shdr) {
			.sh_name = small->sh_name, .sh_type = small->sh_type,
			.sh_flags = small->sh_flags, .sh_addr = small->sh_addr,
			.sh_offset = small->sh_offset, .sh_size = small->sh_size,
			.sh_link = small->sh_link, .sh_entsize = small->sh_entsize
		};
}

void read_vmlinux(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("build it", "cannot read %s", path);
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED || !read_head(st.st_size))
		die("name a vmlinux", "%s is not an ELF file for x86", path);

	read_sections();
	read_symbols();
	vmlinux.entry_start = needed("__entry_text_start")->start;
	vmlinux.entry_end = needed("__entry_text_end")->start;
	vmlinux.entry_stack = needed("cpu_tss_rw")->start + TSS_SP0;
	vmlinux.percpu = is_percpu(vmlinux.entry_stack);
	read_scope();
	read_alternatives();
	read_fixups();
	read_labels();
	read_gates();
}
