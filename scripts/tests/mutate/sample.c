// SPDX-License-Identifier: GPL-2.0
/* One place for each operator of scripts/mutate. */
#include "sample.h"

#define UNUSED 7
#define twice(x) (2 * (x))

static int size = LIMIT;

struct pair {
	int first;
	int second;
	char *name;
};

static bool ordered(struct pair *p)
{
	return p->first < p->second;
}

int sample(struct pair *p, int a, int b, unsigned long addr)
{
	enum colour colour = RED;
	int i;

	(void)twice(a);
	if (!p)
		return -EINVAL;
	if (a == b && addr)
		swap(p);
	for (i = 0; i < a; i++) {
		if (i == b)
			break;
		int both = a | twice(b);

		p->second |= both;
	}
	do
		size--;
	while (size > UNUSED);
	use(p, addr, ordered(p) ? colour : GREEN, ~a,
	    b - 1);
	return a;
}
