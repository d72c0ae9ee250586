/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* The only wake-up comes between the test and the sleep. */
int woken, asleep, sent;

eventually(wakes, asleep == 0);

__task(0) void sleeper(void)
{
	if (!woken) {
		asleep = 1;
		await(woken == 2);
		asleep = 0;
	}
}

__nmi(0) void waker(void)
{
	if (sent)
		return;
	sent = 1;
	woken = asleep ? 2 : 1;
}
