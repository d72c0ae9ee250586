/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* One way out of the interrupt forgets what the way in counted. */
__percpu int nesting;

balanced(nesting);

__task(0) void idle(void)
{
	await(0);
}

__irq(0) void interrupt(void)
{
	this_cpu(nesting) = 1;
	if (choose(2))
		return;
	this_cpu(nesting) = 0;
}
