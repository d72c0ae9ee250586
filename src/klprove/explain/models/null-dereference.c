/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The pointer is tested, and then read once more. */
int object;
int *pointer = &object;

__task(0) void reader(void)
{
	if (pointer)
		*pointer = 1;
}

__irq(0) void remover(void)
{
	pointer = 0;
}
