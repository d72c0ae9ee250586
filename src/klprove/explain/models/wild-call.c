/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The function is called through a table that is filled later. */
void work(void)
{
}

void (*operation)(void);

__task(0) void caller(void)
{
	operation();
}

__irq(0) void setup(void)
{
	operation = work;
}
