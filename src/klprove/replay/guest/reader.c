// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reader: reads a byte over and over, and sleeps in between, so that its CPU is idle at times. A second thread shares its files, without which the kernel
 * would look a descriptor up without rcu_read_lock() (fs/file.c, v6.1: __fget_light). With an argument nothing that an interrupt wakes takes its CPU away.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 1 };
	pthread_t other;
	int file = open("/dev/zero", O_RDONLY);
	unsigned int number = 0;
	char byte;

	if (file < 0 || pthread_create(&other, NULL, idle, NULL))
		return 1;
	if (argc > 1 && sched_setscheduler(0, SCHED_FIFO, &first))
		return 1;
	while (read(file, &byte, 1) == 1)
		if (++number % 64 == 0)
			usleep(3000);
	return 1;
}
