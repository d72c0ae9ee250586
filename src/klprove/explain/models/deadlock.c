/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* Two tasks take two locks in two orders. */
int a, b;

__task(0) void one(void)
{
	await(cmpxchg(&a, 0, 1) == 0);
	await(cmpxchg(&b, 0, 1) == 0);
	b = 0;
	a = 0;
}

__task(1) void other(void)
{
	await(cmpxchg(&b, 0, 1) == 0);
	await(cmpxchg(&a, 0, 1) == 0);
	a = 0;
	b = 0;
}
