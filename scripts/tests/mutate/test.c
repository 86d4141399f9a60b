// SPDX-License-Identifier: GPL-2.0
/* What sample.c has to do. */
#include <string.h>
#include "sample.h"

struct pair {
	int first;
	int second;
	char *name;
};

static int swaps, uses;
static unsigned long seen[4];

void swap(struct pair *p)
{
	int first = p->first;

	swaps++;
	p->first = p->second;
	p->second = first;
}

void used(void)
{
}

#undef use
void use(struct pair *p, unsigned long addr, enum colour colour, int a, int b)
{
	(void)p;
	uses++;
	memcpy(seen, (unsigned long []){ addr, colour, a, b }, sizeof(seen));
}

static bool saw(unsigned long addr, enum colour colour, int a, int b)
{
	return !memcmp(seen, (unsigned long []){ addr, colour, a, b }, sizeof(seen));
}

int main(void)
{
	struct pair p = { 1, 2 };

	if (sample(0, 3, 3, 1) != -EINVAL || swaps || uses)
		return 1;
	if (sample(&p, 4, 4, 1) != 4 || swaps != 1 || !saw(1, RED, -5, 3))
		return 1;
	if (p.first != 2 || p.second != 13)
		return 1;
	if (sample(&p, 5, 5, 0) != 5 || swaps != 1 || !saw(0, RED, -6, 4))
		return 1;
	p = (struct pair){ 9, 0 };
	if (sample(&p, 2, 0, 7) != 2 || swaps != 1 || uses != 3 || p.second || !saw(7, GREEN, -3, -1))
		return 1;
	return 0;
}
