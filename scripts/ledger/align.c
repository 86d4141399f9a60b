// SPDX-License-Identifier: GPL-2.0
/* Myers' shortest edit script over the tokens of two versions of a file. */
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

static bool same(const struct token *a, const struct token *b)
{
	return a->hash == b->hash && a->len == b->len &&
	       a->where == b->where && !memcmp(a->s, b->s, a->len);
}

/* For each token of @from its index in @to, or -1 if it is deleted. */
int *align(const struct text *from, const struct text *to)
{
	const struct token *a = from->tok, *b = to->tok;
	int n = from->nr, m = to->nr, head = 0, d, k, x, y, max;
	int *map = malloc((n + 1) * sizeof(*map)), **trace, *v;

	if (!map)
		die("out of memory for", "a comparison", "free some");
	for (k = 0; k < n; k++)
		map[k] = -1;
	while (head < n && head < m && same(&a[head], &b[head])) {
		map[head] = head;
		head++;
	}
	while (n > head && m > head && same(&a[n - 1], &b[m - 1])) {
		n--;
		m--;
		map[n] = m;
	}
	a += head;
	b += head;
	n -= head;
	m -= head;

	/* v[k] is the furthest x on diagonal k; one copy is kept for each d. */
	max = n + m;
	trace = malloc((max + 1) * sizeof(*trace));
	v = calloc(2 * max + 3, sizeof(*v));
	if (!trace || !v)
		die("out of memory for", "a comparison", "free some");
	v += max + 1;
	for (d = 0; ; d++) {
		bool done = false;

		for (k = -d; k <= d; k += 2) {
			x = k == -d || (k != d && v[k - 1] < v[k + 1]) ?
			    v[k + 1] : v[k - 1] + 1;
			y = x - k;
			while (x < n && y < m && x >= 0 && y >= 0 &&
			       same(&a[x], &b[y])) {
				x++;
				y++;
			}
			v[k] = x;
			if (x >= n && y >= m) {
				done = true;
				break;
			}
		}
		trace[d] = malloc((2 * d + 1) * sizeof(**trace));
		if (!trace[d])
			die("out of memory for", "a comparison", "free some");
		memcpy(trace[d], v - d, (2 * d + 1) * sizeof(*v));
		if (done)
			break;
	}

	/* Walk back: the diagonal runs are the tokens that survive. */
	for (x = n, y = m; d > 0; d--) {
		int *last = trace[d - 1] + (d - 1), from_k;

		k = x - y;
		from_k = k == -d || (k != d &&
				     (k - 1 < -(d - 1) ? -1 : last[k - 1]) <
				     (k + 1 > d - 1 ? -1 : last[k + 1])) ?
			 k + 1 : k - 1;
		while (x > last[from_k] + (from_k < k) &&
		       y > last[from_k] - from_k + (from_k > k)) {
			x--;
			y--;
			map[head + x] = head + y;
		}
		x = last[from_k];
		y = x - from_k;
		free(trace[d]);
	}
	while (x > 0 && y > 0) {
		x--;
		y--;
		map[head + x] = head + y;
	}
	free(trace[0]);
	free(trace);
	free(v - max - 1);
	return map;
}
