/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The quotient of the least int and -1 is no int: x86 traps. */
int lowest = -2147483647 - 1, step = 1, result;

__task(0) void scale(void)
{
	result = lowest / step;
}

__irq(0) void turn(void)
{
	step = -1;
}
