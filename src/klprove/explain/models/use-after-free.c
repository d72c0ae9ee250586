/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* Freed without waiting for whoever still reads. */
int *pointer;
int object;

__task(0) void reader(void)
{
	int *p = READ_ONCE(pointer);

	if (p)
		*p = 1;
}

__task(1) void updater(void)
{
	pointer = &object;
	pointer = 0;
	kfree(&object);
}
