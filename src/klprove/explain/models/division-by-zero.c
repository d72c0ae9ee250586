/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The divisor is tested, and an interrupt takes it back. */
int period = 2, ticks;

__task(0) void average(void)
{
	if (period)
		ticks = 100 / period;
}

__irq(0) void stop(void)
{
	period = 0;
}
