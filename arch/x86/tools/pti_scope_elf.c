// SPDX-License-Identifier: GPL-2.0
/* What pti_scope has to know of vmlinux. */
#include <linux/elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "pti_scope.h"

#define HERE "arch/x86/tools/pti_scope_elf.c"

struct vmlinux vmlinux;

static const u8 *image;
static const struct elf64_hdr *head;
static const struct elf64_shdr *sections;

/* As in the kernel: alt_instr, exception_table_entry, jump_entry, pg_table_scope. */
struct raw_alternative {
	s32 at, code;
	u16 feature, flags;
	u8 len, code_len;
} __packed;

#define FLAG_UNLESS	1

struct raw_fixup {
	s32 at, to, data;
};

struct raw_jump {
	s32 from, to;
	u64 key;
};

struct raw_scope {
	u64 name, why, start, end, unit, percpu;
};

/* x86_hw_tss.sp0, to which cpu_init() writes the top of the entry stack. */
#define TSS_SP0		4

void *grow(void *array, int nr, size_t size)
{
	/* Sizes are powers of two. */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array)
		die("close other programs", "out of memory");
	return array;
}

const u8 *bytes_at(u64 address, u64 *left)
{
	int i;

	for (i = 0; i < head->e_shnum; i++) {
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

/* How many symbols are not behind an address. */
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

/* Is the nearest label up to this called that? Labels may share a place. */
bool is_at(u64 address, const char *name)
{
	const struct symbol *label = symbol_named(name);
	int n = symbols_until(address);

	return label && n && label->start == vmlinux.symbols[n - 1].start;
}

/* Symbol and offset. */
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
	const char *names = (const char *)image + sections[head->e_shstrndx].sh_offset;
	int i;

	for (i = 0; i < head->e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, name))
			return &sections[i];
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void read_symbols(void)
{
	const struct elf64_shdr *table = section(".symtab");
	const struct elf64_sym *first;
	const char *names;
	size_t i;

	if (!table)
		die("do not strip it", "vmlinux has no symbols");
	names = (const char *)image + sections[table->sh_link].sh_offset;
	first = (const void *)(image + table->sh_offset);
	for (i = 0; i < table->sh_size / sizeof(struct elf64_sym); i++) {
		const struct elf64_sym *sym = first + i;
		int type = ELF64_ST_TYPE(sym->st_info), nr = vmlinux.nr_symbols;

		if (type == STT_SECTION || type == STT_FILE || sym->st_shndx == SHN_UNDEF)
			continue;
		vmlinux.symbols = grow(vmlinux.symbols, nr, sizeof(*vmlinux.symbols));
		vmlinux.symbols[nr].start = sym->st_value;
		vmlinux.symbols[nr].end = sym->st_value + sym->st_size;
		vmlinux.symbols[nr].name = names + sym->st_name;
		vmlinux.nr_symbols++;
	}
	qsort(vmlinux.symbols, vmlinux.nr_symbols, sizeof(*vmlinux.symbols), by_address);
}

/* Only rows that are constant: what is mapped on some CPUs only does not count. */
static void read_scope(void)
{
	const struct symbol *s = needed("pti_scope");
	const struct raw_scope *raw = (const void *)bytes_at(s->start, NULL);
	bool whole = false;
	int i, nr = (s->end - s->start) / sizeof(*raw);

	if (!raw || (s->end - s->start) % sizeof(*raw))
		die("compare struct pg_table_scope with " HERE,
		    "pti_scope[] cannot be read");
	for (i = 0; i < nr; i++, raw++) {
		if (raw->start >= raw->end)
			continue;
		vmlinux.scope = grow(vmlinux.scope, vmlinux.nr_scope, sizeof(*vmlinux.scope));
		vmlinux.scope[vmlinux.nr_scope++] = (struct scope) {
			raw->start, raw->end, raw->percpu & 1
		};
		whole |= raw->start <= vmlinux.entry_start && raw->end >= vmlinux.entry_end;
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

static void add(u64 **array, int *nr, u64 value)
{
	*array = grow(*array, *nr, sizeof(**array));
	(*array)[(*nr)++] = value;
}

static void read_fixups(void)
{
	const struct elf64_shdr *s = section("__ex_table");
	const struct raw_fixup *raw;
	u64 off, to;

	for (off = 0; s && off + sizeof(*raw) <= s->sh_size; off += sizeof(*raw)) {
		raw = (const void *)(image + s->sh_offset + off);
		to = s->sh_addr + off + offsetof(struct raw_fixup, to) + raw->to;
		if (in_entry_text(to))
			add(&vmlinux.fixups, &vmlinux.nr_fixups, to);
	}
}

static void read_labels(void)
{
	const struct symbol *start = symbol_named("__start___jump_table");
	const struct symbol *end = symbol_named("__stop___jump_table");
	const struct raw_jump *raw;
	u64 at, from;

	for (at = start ? start->start : 0; end && at < end->start; at += sizeof(*raw)) {
		raw = (const void *)bytes_at(at, NULL);
		from = at + raw->from;
		if (!in_entry_text(from))
			continue;
		vmlinux.labels = grow(vmlinux.labels, vmlinux.nr_labels, sizeof(*vmlinux.labels));
		vmlinux.labels[vmlinux.nr_labels++] = (struct jump) {
			from, at + offsetof(struct raw_jump, to) + raw->to
		};
	}
}

/* def_idts[] and those like it: each address of entry text there is a gate. */
static void read_gates(void)
{
	int i;

	for (i = 0; i < vmlinux.nr_symbols; i++) {
		const struct symbol *s = &vmlinux.symbols[i];
		const u64 *word = (const void *)bytes_at(s->start, NULL);
		const char *idt = strstr(s->name, "_idt");
		u64 at;

		if (!word || !idt || (strcmp(idt, "_idt") && strcmp(idt, "_idts")))
			continue;
		for (at = s->start; at + sizeof(*word) <= s->end; at += sizeof(*word), word++)
			if (in_entry_text(*word))
				add(&vmlinux.gates, &vmlinux.nr_gates, *word);
	}
	if (!vmlinux.nr_gates)
		die("compare arch/x86/kernel/idt.c with " HERE, "vmlinux has no IDT");
}

void read_vmlinux(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("build it", "cannot read %s", path);
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	head = (const void *)image;
	if (image == MAP_FAILED || (size_t)st.st_size < sizeof(*head) ||
	    memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_ident[EI_CLASS] != ELFCLASS64 ||
	    head->e_machine != EM_X86_64 ||
	    head->e_shoff + head->e_shnum * sizeof(*sections) > (size_t)st.st_size)
		die("name a vmlinux", "%s is not an ELF file for x86-64", path);
	sections = (const void *)(image + head->e_shoff);

	read_symbols();
	vmlinux.entry_start = needed("__entry_text_start")->start;
	vmlinux.entry_end = needed("__entry_text_end")->start;
	vmlinux.entry_stack = needed("cpu_tss_rw")->start + TSS_SP0;
	read_scope();
	read_alternatives();
	read_fixups();
	read_labels();
	read_gates();
}
