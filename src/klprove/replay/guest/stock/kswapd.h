/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main function of a kernel thread, which never leaves it: the replacement never runs. */
#include <linux/kthread.h>
#include <linux/sched.h>

#define OLD "kswapd"

static int replacement(void *unused)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	return 0;
}
