// SPDX-License-Identifier: GPL-2.0
/*
 * show <CAPTURE >PICTURE: draw page tables beside each other, as SVG.
 *
 * CAPTURE is what guest/show prints, in sections that begin with "@ NAME": the dump of
 * init_mm, the list and the dumps of contexts, a process and its dump, and, with address
 * space isolation, the dump of its restricted table. All columns have one scale: what is
 * mapped by any of them gets a height that grows with the logarithm of its size, what is
 * mapped by none the same small height, whatever its size.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS	8
#define HALF		0x8000000000000000ULL
#define TABLE_SPAN	0x200000ULL
/* Holes that are smaller are drawn to scale. */
#define MIN_GAP		0x100000ULL

#define TOP		126
#define AREA_X		12
#define ADDRESS_X	300
#define COLUMN_X	316
#define COLUMN_W	190
#define COLUMN_STEP	206
#define GAP_H		15

enum access { READ, WRITE, EXEC, BAD, EMPTY };

/* What one line of a dump says; the end is that of the last byte. */
struct range {
	unsigned long long start, last;
	enum access access;
	char level[4];
	bool user, own;
	const char *area;
};

struct column {
	char *name, *kind, *bytes, *users;
	unsigned long long claim, claim_last;
	struct range *ranges;
	size_t nr;
	unsigned long long skipped_at;
	unsigned long skipped;
	/* In the list of tables without an mm. */
	bool listed;
	/* Leaves out a part of what init_mm maps. */
	bool restricted;
	bool dumped;
};

/* A part of the address space with mappings, between two gaps. */
struct part {
	unsigned long long start, last;
	const char *area;
	double y, height;
};

static struct column columns[MAX_COLUMNS];
static size_t nr_columns;
static struct part *parts;
static size_t nr_parts;
static unsigned long line_nr;
static unsigned long nr_bad;

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...)
{
	va_list args;

	fputs("error: the capture is not complete: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("; boot again, or read the console of the boot\n", stderr);
	exit(1);
}

static void *grow(void *array, size_t nr, size_t size)
{
	/* Doubled when the number is a power of two. */
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array)
		die("out of memory");
	return array;
}

static char *copy(const char *s)
{
	char *p = strdup(s);

	if (!p)
		die("out of memory");
	return p;
}

static struct column *add_column(const char *name, const char *kind,
				 const char *bytes, const char *users)
{
	struct column *c = &columns[nr_columns++];

	if (nr_columns > MAX_COLUMNS)
		die("line %lu: more than %d tables", line_nr, MAX_COLUMNS);
	c->name = copy(name);
	c->kind = copy(kind);
	c->bytes = copy(bytes);
	c->users = copy(users);
	return c;
}

static void add_table(char *line)
{
	char *field[6], bytes[64], users[64], end;
	struct column *c;
	unsigned long long start, stop;
	int n = 0;

	for (char *p = line; p && n < 6; n++)
		field[n] = strsep(&p, "\t");
	if (n != 6)
		die("line %lu: %d fields of a table instead of 6", line_nr, n);
	snprintf(bytes, sizeof(bytes), "%lu KiB of table pages",
		 strtoul(field[3], NULL, 10) >> 10);
	snprintf(users, sizeof(users), "%s %s", field[4],
		 strcmp(field[4], "1") ? "users" : "user");
	c = add_column(field[0], field[1], bytes, users);
	c->listed = true;
	c->restricted = !strcmp(field[1], "template");
	if (!strcmp(field[5], "-"))
		return;
	if (sscanf(field[5], "%llx-%llx%c", &start, &stop, &end) != 2 ||
	    stop <= start)
		die("line %lu: no claimed range: %s", line_nr, field[5]);
	c->claim = start;
	c->claim_last = stop - 1;
}

static bool has_word(const char *line, const char *word)
{
	char padded[8];

	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(line, padded);
}

static bool claims(const struct column *c, unsigned long long addr)
{
	return c->claim && addr >= c->claim && addr <= c->claim_last;
}

static void add_range(struct column *c, const char *line, const char *area,
		      unsigned long long *next, bool skipped)
{
	struct range r = { .area = area };
	unsigned long long end;
	char unit;
	int at = 0;

	if (sscanf(line, "0x%16llx-0x%16llx %*u%c%n", &r.start, &end, &unit, &at) != 3 ||
	    !strchr("BKMGTPE", unit) || strlen(line + at) < 4)
		die("line %lu: not a line of a dump: %s", line_nr, line);
	snprintf(r.level, sizeof(r.level), "%s", line + strlen(line) - 3);
	if (!strstr("pgd p4d pud pmd pte", r.level))
		die("line %lu: a line of a dump without its level: %s", line_nr, line);
	if (r.start != *next && !(skipped && r.start > *next))
		die("line %lu: %s continues at %llx instead of %llx",
		    line_nr, c->name, r.start, *next);
	*next = end;
	r.last = end - 1;
	r.user = has_word(line, "USR");
	if (has_word(line, "RW"))
		r.access = has_word(line, "NX") ? WRITE : BAD;
	else if (has_word(line, "ro"))
		r.access = has_word(line, "NX") ? READ : EXEC;
	else if (!strcmp(r.level, "pte") && (r.start < HALF || claims(c, r.start)) &&
		 r.last - r.start + 1 >= TABLE_SPAN)
		r.access = EMPTY;
	else
		return;
	if (r.user && r.start >= HALF)
		r.access = BAD;
	c->ranges = grow(c->ranges, c->nr, sizeof(r));
	c->ranges[c->nr++] = r;
}

static struct column *named(const char *line)
{
	char name[128];
	size_t length = strlen(line);

	if (length < 10 || length > sizeof(name) || strcmp(line + length - 5, " ]==="))
		die("line %lu: not the head of a dump: %s", line_nr, line);
	snprintf(name, sizeof(name), "%.*s", (int)length - 10, line + 5);
	for (size_t i = 0; i < nr_columns; i++)
		if (columns[i].listed && !strcmp(columns[i].name, name))
			return &columns[i];
	die("line %lu: a dump of %s, which is not in the list", line_nr, name);
}

/* The end of a dump: all of the address space must have been in it. */
static void end_dump(struct column *c, unsigned long long next)
{
	if (!c)
		return;
	if (!c->dumped)
		die("line %lu: nothing is dumped of %s", line_nr, c->name);
	if (next)
		die("line %lu: the dump of %s ends at %llx", line_nr, c->name, next);
}

static void read_capture(FILE *in)
{
	static const char * const order[] = {
		"kernel", "tables", "dump", "process", "restricted", "end",
	};
	size_t size = 0, section = 0;
	char name[64] = "", text[128], *line = NULL, *area = NULL;
	struct column *c = NULL;
	unsigned long number;
	bool skipped = false;
	unsigned long long next = 0;

	while (section < 6 && getline(&line, &size, in) > 0) {
		line_nr++;
		line[strcspn(line, "\r\n")] = '\0';
		if (!strncmp(line, "@ ", 2)) {
			end_dump(c, next);
			c = NULL;
			next = 0;
			/* Without isolation there is no restricted table. */
			if (section == 4 && !strcmp(line, "@ end"))
				section++;
			if (strcmp(line + 2, order[section]))
				die("line %lu: section %s instead of %s", line_nr,
				    line + 2, order[section]);
			section++;
			if (!strcmp(line, "@ kernel"))
				c = add_column("init_mm", "mm of the kernel", "table pages are not counted", "");
			if (!strcmp(line, "@ restricted")) {
				c = add_column("restricted table", "of the same process: user mode,",
					       "system calls, interrupts", "");
				c->restricted = true;
			}
		} else if (section == 2) {
			add_table(line);
		} else if (!strncmp(line, "===[ ", 5)) {
			end_dump(c, next);
			c = named(line);
			next = 0;
		} else if (section == 4 && sscanf(line, "Name: %60s", name) == 1) {
			continue;
		} else if (section == 4 && sscanf(line, "VmPTE: %lu kB", &number) == 1) {
			/* With the root, as for contexts. */
			snprintf(text, sizeof(text), "%lu KiB of table pages", number + 4);
			c = add_column(name, "mm of the reading process", text, "");
		} else if (!strncmp(line, "---[ ", 5)) {
			if (!c || strlen(line) < 10)
				die("line %lu: a marker outside of a dump: %s", line_nr, line);
			area = copy(line + 5);
			area[strlen(area) - 5] = '\0';
		} else if (!strncmp(line, "0x", 2)) {
			if (!c || !area)
				die("line %lu: a range outside of a dump: %s", line_nr, line);
			add_range(c, line, area, &next, skipped);
			c->dumped = true;
			skipped = false;
		} else if (c && c->nr && sscanf(line, "... %lu entr", &number) == 1) {
			c->skipped = number;
			c->skipped_at = c->ranges[c->nr - 1].last;
			skipped = true;
		} else if (section == 1 || section == 3) {
			die("line %lu: not a line of a dump: %s", line_nr, line);
		}
	}
	free(line);
	if (section < 6)
		die("it ends before section %s", order[section == 4 ? 5 : section]);
	for (size_t i = 0; i < nr_columns; i++)
		if (!columns[i].dumped)
			die("no dump of %s", columns[i].name);
}

/* Is all of @r in @c, with the same access? */
static bool maps(const struct column *c, const struct range *r)
{
	unsigned long long at = r->start;

	for (size_t i = 0; i < c->nr; i++) {
		const struct range *other = &c->ranges[i];

		if (other->start > at || other->last < at || other->access != r->access)
			continue;
		if (r->last <= other->last)
			return true;
		at = other->last + 1;
	}
	return false;
}

/* What the kernel half shares with init_mm is linked from it. */
static void find_own(struct column *c)
{
	const struct column *kernel = &columns[0];

	for (size_t i = 0; i < c->nr; i++) {
		struct range *r = &c->ranges[i];
		bool may_own = r->start < HALF || claims(c, r->start);

		r->own = c != kernel && (may_own || !maps(kernel, r));
		if (r->own && !may_own)
			fprintf(stderr, "note: %s maps %llx unlike init_mm\n",
				c->name, r->start);
		if (r->access == BAD) {
			fprintf(stderr, "note: %s maps %llx writable and executable, or for users\n",
				c->name, r->start);
			nr_bad++;
		}
	}
	for (size_t i = 0; i < kernel->nr; i++) {
		const struct range *r = &kernel->ranges[i];

		if (!c->restricted && !claims(c, r->start) && !maps(c, r))
			fprintf(stderr, "note: %s does not map %llx like init_mm\n",
				c->name, r->start);
	}
}

/* How much of the kernel half of init_mm a table does not map. */
static unsigned long long left_out(const struct column *c)
{
	const struct column *kernel = &columns[0];
	unsigned long long size = 0;

	for (size_t i = 0; i < kernel->nr; i++) {
		const struct range *r = &kernel->ranges[i];

		size += r->last - r->start + 1;
		for (size_t j = 0; j < c->nr; j++) {
			const struct range *o = &c->ranges[j];
			unsigned long long from = o->start > r->start ? o->start : r->start;
			unsigned long long last = o->last < r->last ? o->last : r->last;

			if (o->access != EMPTY && from <= last)
				size -= last - from + 1;
		}
	}
	return size;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int log_2(unsigned long long n)
{
	int log = 0;

	while (n >>= 1)
		log++;
	return log;
}

/*
 * Markers come up to one line late, so a part is in the area that most of it is
 * in. init_mm has the most lines, so it is asked first.
 */
static const char *area_of(const struct part *p)
{
	const char *area = NULL;
	unsigned long long most = 0;

	if (p->start < HALF)
		return "User Space";
	for (size_t i = 0; i < nr_columns && !area; i++) {
		for (size_t j = 0; j < columns[i].nr; j++) {
			const struct range *r = &columns[i].ranges[j];

			if (r->start >= p->start && r->last <= p->last && r->last - r->start >= most) {
				most = r->last - r->start;
				area = r->area;
			}
		}
	}
	return area;
}

static double layout(void)
{
	struct range *all = NULL;
	size_t nr = 0;
	double y = TOP;

	for (size_t i = 0; i < nr_columns; i++) {
		for (size_t j = 0; j < columns[i].nr; j++) {
			all = grow(all, nr, sizeof(*all));
			all[nr++] = columns[i].ranges[j];
		}
	}
	if (!nr)
		die("nothing is mapped");
	qsort(all, nr, sizeof(*all), by_start);
	for (size_t i = 0; i < nr; i++) {
		struct part *p = nr_parts ? &parts[nr_parts - 1] : NULL;

		if (p && (all[i].start <= p->last || all[i].start - p->last <= MIN_GAP)) {
			if (all[i].last > p->last)
				p->last = all[i].last;
			continue;
		}
		parts = grow(parts, nr_parts, sizeof(*parts));
		parts[nr_parts++] = (struct part){ .start = all[i].start, .last = all[i].last };
	}
	free(all);
	for (size_t i = 0; i < nr_parts; i++) {
		struct part *p = &parts[i];

		p->area = area_of(p);
		p->y = y;
		p->height = 15 + 3.5 * log_2((p->last - p->start + 1) >> 12);
		y += p->height + GAP_H;
	}
	return y - GAP_H;
}

/* In a gap, its middle. */
static double y_of(unsigned long long addr)
{
	double y = TOP - GAP_H / 2.0;

	for (size_t i = 0; i < nr_parts && parts[i].start <= addr; i++) {
		const struct part *p = &parts[i];

		if (addr <= p->last)
			return p->y + p->height * (addr - p->start) / (p->last - p->start + 1.0);
		y = p->y + p->height + GAP_H / 2.0;
	}
	return y;
}

static void put_text(double x, double y, const char *class, const char *fmt, ...)
{
	char buf[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	printf("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	for (const char *p = buf; *p; p++) {
		switch (*p) {
		case '<':
			fputs("&lt;", stdout);
			break;
		case '&':
			fputs("&amp;", stdout);
			break;
		default:
			putchar(*p);
		}
	}
	puts("</text>");
}

static void put_rect(double x, double y, double w, double h, const char *class)
{
	printf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n",
	       x, y, w, h, class);
}

static const char *human(unsigned long long size)
{
	static char buf[32];
	const char *unit = "BKMGTPE";

	while (size >= 10240 || (size >= 1024 && !(size & 1023))) {
		size >>= 10;
		unit++;
	}
	snprintf(buf, sizeof(buf), "%llu%c", size, *unit);
	return buf;
}

static const char *class_of(const struct range *r)
{
	static const char * const linked[] = { "lr", "lw", "lx", "bad", "" };
	static const char * const own[] = { "or", "ow", "ox", "bad", "oe" };

	return r->own ? own[r->access] : linked[r->access];
}

/* What is in one part of one column, in words. */
static void draw_words(const struct column *c, const struct part *p, double x)
{
	bool access[5] = { false }, pte = false, pmd = false, pud = false, own = false;
	char words[80] = "";

	for (size_t i = 0; i < c->nr; i++) {
		const struct range *r = &c->ranges[i];

		if (r->last < p->start || r->start > p->last)
			continue;
		access[r->access] = true;
		own |= r->own;
		if (r->access == EMPTY)
			continue;
		pte |= !strcmp(r->level, "pte");
		pmd |= !strcmp(r->level, "pmd");
		pud |= !strcmp(r->level, "pud");
	}
	if (access[EMPTY] && !(pte | pmd | pud))
		snprintf(words, sizeof(words), "  table pages, no entry set");
	else if ((pte | pmd | pud) && (c == &columns[0] || own))
		snprintf(words, sizeof(words), "%s%s%s%s:%s%s%s%s",
			 access[WRITE] ? ", RW" : "", access[READ] ? ", ro" : "",
			 access[EXEC] ? ", ro+x" : "", access[BAD] ? ", BAD" : "",
			 pte ? " 4K" : "", pmd ? " 2M" : "", pud ? " 1G" : "",
			 c->skipped && c->skipped_at <= p->last && c->skipped_at >= p->start ?
			 " (not dumped in full)" : "");
	if (*words)
		put_text(x + COLUMN_W / 2.0, p->y + p->height / 2 + 3.5, "in", "%s",
			 words + 2);
}

static void draw_column(const struct column *c, double x)
{
	unsigned long long own = 0, linked = 0;
	double y = 20;

	for (size_t i = 0; i < nr_parts; i++)
		put_rect(x, parts[i].y, COLUMN_W, parts[i].height, "none");
	for (size_t i = 0; i < c->nr; i++) {
		const struct range *r = &c->ranges[i];
		double from = y_of(r->start), height = y_of(r->last) - from;
		double least = r->access == BAD ? 3 : 1;

		if (r->access != EMPTY)
			*(r->own ? &own : &linked) += r->last - r->start + 1;
		put_rect(x, from, COLUMN_W, height < least ? least : height, class_of(r));
	}
	for (size_t i = 0; i < nr_parts; i++)
		draw_words(c, &parts[i], x);
	if (c->claim) {
		double from = y_of(c->claim), to = y_of(c->claim_last);

		put_rect(x - 4, from, COLUMN_W + 8, to - from, "claim");
	}

	put_text(x, y, "name", "%s", c->name);
	put_text(x, y += 17, "head", "%s%s%s", c->kind, *c->users ? ", " : "", c->users);
	put_text(x, y += 15, "head", "%s", c->bytes);
	if (c == &columns[0]) {
		put_text(x, y + 15, "head", "maps %s", human(linked));
		return;
	}
	if (own)
		put_text(x, y += 15, "head", "maps %s of its own", human(own));
	else
		put_text(x, y += 15, "head", "maps nothing of its own");
	put_text(x, y += 15, "head", "and %s linked from init_mm", human(linked));
	if (c->restricted)
		put_text(x, y + 15, "out", "leaves out %s", human(left_out(c)));
	if (c->claim)
		put_text(x, y + 15, "head", "claims %s in the kernel half",
			 human(c->claim_last - c->claim + 1));
}

static void draw_axis(double right)
{
	const char *area = NULL;

	for (size_t i = 0; i < nr_parts; i++) {
		const struct part *p = &parts[i];

		if (!area || strcmp(area, p->area)) {
			area = p->area;
			put_text(AREA_X, p->y + 11, "area", "%s", area);
			if (i)
				printf("<path d=\"M%d %.1fH%dM%d %.1fH%.1f\" class=\"border\"/>\n",
				       AREA_X, p->y - GAP_H / 2.0, ADDRESS_X - 90,
				       ADDRESS_X + 4, p->y - GAP_H / 2.0, right);
		}
		put_text(ADDRESS_X, p->y + 11, "address", "%016llx", p->start);
		if (p->height >= 27)
			put_text(ADDRESS_X, p->y + 24, "size", "%s", human(p->last - p->start + 1));
		if (i + 1 < nr_parts)
			put_text(ADDRESS_X, p->y + p->height + 11, "gap", "gap of %s",
				 human(p[1].start - p->last - 1));
	}
}

static void draw_legend(double y)
{
	static const struct {
		const char *class, *words;
	} keys[] = {
		{ "lw", "linked: table pages of init_mm" },
		{ "ow", "own: table pages of this table" },
		{ "oe", "own table pages, no entry set" },
		{ "claim", "claimed: own range in the kernel half" },
		{ "lr", "lighter: read-only" },
		{ "lx", "darker: read-only and executable" },
		{ "bad", "writable and executable, or user in the kernel half" },
	};
	double x = AREA_X;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!strcmp(keys[i].class, "bad") && !nr_bad)
			continue;
		if (i == 4) {
			x = AREA_X;
			y += 20;
		}
		put_rect(x, y - 10, 22, 12, keys[i].class);
		put_text(x + 28, y, "head", "%s", keys[i].words);
		x += 262;
	}
}

static void draw(void)
{
	double bottom = layout();
	double right = COLUMN_X + COLUMN_STEP * nr_columns;

	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"DejaVu Sans, sans-serif\">\n",
	       right, bottom + 60, right, bottom + 60);
	puts("<style>");
	puts("text{font-size:11px;fill:#222}.name{font-size:14px;font-weight:bold}.area{font-weight:bold}");
	puts(".address{font-family:DejaVu Sans Mono,monospace;text-anchor:end}.size,.gap{text-anchor:end;fill:#666;font-size:10px}.gap{font-style:italic;fill:#999}");
	puts(".in{text-anchor:middle;font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:2.5px;stroke-opacity:.7}");
	puts(".none{fill:#f2f2f2}.border{stroke:#bbb;fill:none}.out{font-weight:bold;fill:#b30000}.claim{fill:none;stroke:#b35806;stroke-width:1.5px;stroke-dasharray:6 3}");
	puts(".lr{fill:#c6dbef}.lw{fill:#85b4da}.lx{fill:#3a7ab8}.or{fill:#fddbb0}.ow{fill:#f5a54a}.ox{fill:#cc6a10}.oe{fill:#fff;stroke:#f5a54a}.bad{fill:#d7191c}");
	puts("</style>");
	put_rect(0, 0, right, bottom + 60, "page");
	puts("<style>.page{fill:#fff}</style>");
	put_text(AREA_X, 20, "name", "Page tables of one kernel");
	put_text(AREA_X, 37, "head", "Each column is a table; one scale for all.");
	put_text(AREA_X, 52, "head", "A part's height goes with the logarithm of its");
	put_text(AREA_X, 67, "head", "size; inside of a part the scale is linear.");
	put_text(AREA_X, 82, "head", "RW, ro, ro+x: access; 4K, 2M, 1G: entries.");
	draw_axis(right - 16);
	for (size_t i = 0; i < nr_columns; i++)
		draw_column(&columns[i], COLUMN_X + COLUMN_STEP * i);
	draw_legend(bottom + 30);
	puts("</svg>");
}

int main(void)
{
	read_capture(stdin);
	for (size_t i = 0; i < nr_columns; i++)
		find_own(&columns[i]);
	draw();
	return fflush(stdout) || ferror(stdout);
}
