/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* A list's poison is followed: a reader came to an entry that had been deleted. */
struct entry { struct entry *next; int value; } first, second = { &first, 1 };

__task(0) void reader(void)
{
	struct entry *entry = &second;

	entry = READ_ONCE(entry->next);
	if (entry)
		entry->value = 2;
}

__irq(0) void deleter(void)
{
	second.next = (struct entry *)0xdead000000000100;
}
