/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* A level of nesting more than the array has places for. */
int level, saved[2];

__task(0) void task(void)
{
	await(0);
}

__irq(0) void interrupt(void)
{
	saved[level] = 1;
	level++;
	local_irq_enable();
	local_irq_disable();
	level--;
}
