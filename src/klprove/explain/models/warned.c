/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The count is tested where an interrupt may have raised it. */
int users;

__task(0) void release(void)
{
	WARN_ON(users > 0);
}

__irq(0) void use(void)
{
	users = 1;
}
