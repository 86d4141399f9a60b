// SPDX-License-Identifier: GPL-2.0
/*
 * Which struct has a member of that name: whoever declares one has a hit
 * there, so the files with hits hold every answer.
 */
#include <stdlib.h>
#include <string.h>
#include "ledger.h"

static struct member {
	char *tag;
	int field;
} *members;
static int nr_members;

bool members_have(const char *tag, int field)
{
	int i;

	for (i = 0; i < nr_members; i++)
		if (members[i].field == field && !strcmp(members[i].tag, tag))
			return true;
	return false;
}

/* Takes the string over. */
void members_add(char *tag, int field)
{
	if (members_have(tag, field)) {
		free(tag);
		return;
	}
	members = grow(members, nr_members, sizeof(*members));
	members[nr_members++] = (struct member) { tag, field };
}

void members_free(void)
{
	while (nr_members)
		free(members[--nr_members].tag);
	free(members);
}
