// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load: what a shell cannot make a kernel do. `load NAME [ARGUMENT]`, for about a second each.
 *
 * breakpoint ADDRESS: a hardware breakpoint on a word of the kernel's data, so that #DB comes in
 * whatever context writes there. The rest is everyday: signals, timers, single steps, sockets,
 * memory, files, threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CPUS 8
#define PAGES 2048

static int breakpoint(const char *address)
{
	struct perf_event_attr what = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(what),
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = strtoull(address, NULL, 16),
		.bp_len = HW_BREAKPOINT_LEN_8,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_CALLCHAIN,
	};
	int cpu, events[CPUS];
	long long hits = 0, each;

	for (cpu = 0; cpu < CPUS; cpu++) {
		events[cpu] = syscall(SYS_perf_event_open, &what, -1, cpu, -1, 0);
		if (events[cpu] >= 0)
			mmap(NULL, 9 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, events[cpu], 0);
	}
	sleep(1);
	for (cpu = 0; cpu < CPUS; cpu++)
		if (events[cpu] >= 0 && read(events[cpu], &each, sizeof(each)) == sizeof(each))
			hits += each;
	printf("%lld\n", hits);
	return !hits;
}

static volatile sig_atomic_t caught;

static void catch(int number)
{
	caught += number > 0;
}

static int timers(const char *unused)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct itimerspec soon = { { 0, 3000000 }, { 0, 3000000 } };
	struct sigevent told = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int clock, which, descriptor = timerfd_create(CLOCK_MONOTONIC, 0);
	int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
			 CLOCK_THREAD_CPUTIME_ID, CLOCK_BOOTTIME };
	timer_t timer;
	unsigned long long late;

	signal(SIGALRM, catch);
	signal(SIGUSR1, catch);
	signal(SIGPROF, catch);
	signal(SIGVTALRM, catch);
	for (which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		setitimer(which, &often, NULL);
	for (clock = 0; clock < 5; clock++)
		if (!timer_create(clocks[clock], &told, &timer))
			timer_settime(timer, 0, &soon, NULL);
	timerfd_settime(descriptor, 0, &soon, NULL);
	for (which = 0; which < 100; which++)
		if (read(descriptor, &late, sizeof(late)) < 0 && errno != EINTR)
			return 1;
	while (caught < 200)
		getppid();
	return 0;
}

static int steps(const char *unused)
{
	pid_t child = fork();
	int status, number = 0;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		getppid();
		asm volatile("int3");
		*(volatile int *)8 = 0;
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		int why = WSTOPSIG(status);

		ptrace(++number < 2000 ? PTRACE_SINGLESTEP : PTRACE_CONT, child, 0,
		       why == SIGSEGV ? SIGSEGV : 0);
	}
	return number < 10;
}

static void *echo(void *at)
{
	char buffer[4096];
	ssize_t size;
	int from = accept(*(int *)at, NULL, NULL);

	while ((size = read(from, buffer, sizeof(buffer))) > 0)
		if (write(from, buffer, size) < 0)
			break;
	close(from);
	return NULL;
}

static int sockets(const char *unused)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof(here);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0), waiting = epoll_create1(0), i, pair[2];
	struct epoll_event event = { .events = EPOLLIN };
	char buffer[4096] = "";
	pthread_t thread;

	bind(server, (struct sockaddr *)&here, sizeof(here));
	listen(server, 1);
	getsockname(server, (struct sockaddr *)&here, &length);
	pthread_create(&thread, NULL, echo, &server);
	if (connect(client, (struct sockaddr *)&here, sizeof(here)))
		return 1;
	epoll_ctl(waiting, EPOLL_CTL_ADD, client, &event);
	for (i = 0; i < 200; i++) {
		if (write(client, buffer, sizeof(buffer)) < 0)
			return 1;
		epoll_wait(waiting, &event, 1, 1000);
		if (read(client, buffer, sizeof(buffer)) <= 0)
			return 1;
		sendto(datagram, buffer, 100, 0, (struct sockaddr *)&here, sizeof(here));
	}
	close(client);
	pthread_join(thread, NULL);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	for (i = 0; i < 200; i++)
		if (write(pair[0], buffer, 100) < 0 || read(pair[1], buffer, 100) < 0)
			return 1;
	return 0;
}

static int memory(const char *unused)
{
	size_t size = PAGES * 4096;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int i;

	madvise(at, size, MADV_HUGEPAGE);
	memset(at, 1, size);
	child = fork();
	memset(at, 2, size);
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	for (i = 0; i < PAGES / 4; i++) {
		mprotect(at + i * 16384, 4096, PROT_READ);
		madvise(at + i * 16384 + 4096, 4096, MADV_DONTNEED);
	}
	madvise(at, size / 2, MADV_PAGEOUT);
	mlock(at, 1 << 20);
	munmap(at, size);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = mremap(at, size, size * 2, MREMAP_MAYMOVE);
	return at == MAP_FAILED || munmap(at, size * 2);
}

static int files(const char *unused)
{
	int watch = inotify_init1(IN_NONBLOCK), file, other, pipe_[2], i;
	struct pollfd polled = { .fd = watch, .events = POLLIN };
	char buffer[4096] = "";

	inotify_add_watch(watch, "/tmp", IN_ALL_EVENTS);
	file = open("/tmp/load", O_RDWR | O_CREAT | O_TRUNC, 0600);
	other = memfd_create("load", 0);
	if (file < 0 || other < 0 || pipe(pipe_))
		return 1;
	for (i = 0; i < 200; i++) {
		if (pwrite(file, buffer, sizeof(buffer), i * 4096L) < 0)
			return 1;
		lseek(file, i * 4096L, SEEK_SET);
		if (splice(file, NULL, pipe_[1], NULL, 4096, 0) < 0 ||
		    splice(pipe_[0], NULL, other, NULL, 4096, 0) < 0)
			return 1;
	}
	flock(file, LOCK_EX);
	fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 65536);
	fsync(file);
	poll(&polled, 1, 100);
	return read(watch, buffer, sizeof(buffer)) <= 0 || unlink("/tmp/load");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;

static void *turns(void *mine)
{
	struct sched_param low = { .sched_priority = 1 };
	cpu_set_t one;
	int i;

	CPU_ZERO(&one);
	CPU_SET((long)mine & 1, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	if ((long)mine == 2)
		sched_setscheduler(0, SCHED_FIFO, &low);
	for (i = 0; i < 300; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 4 != (long)mine)
			pthread_cond_wait(&turned, &mutex);
		turn++;
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&mutex);
		sched_yield();
	}
	return NULL;
}

static int threads(const char *unused)
{
	struct { long kind; char text[64]; } message = { 1, "" };
	struct sembuf up = { 0, 1, 0 }, down = { 0, -1, 0 };
	int queue = msgget(IPC_PRIVATE, 0600), set = semget(IPC_PRIVATE, 1, 0600);
	int segment = shmget(IPC_PRIVATE, 65536, 0600), event = eventfd(0, 0), i;
	pthread_t thread[4];

	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, turns, (void *)(long)i);
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	memset(shmat(segment, NULL, 0), 1, 65536);
	shmctl(segment, IPC_RMID, NULL);
	for (i = 0; i < 50; i++) {
		semop(set, &up, 1);
		semop(set, &down, 1);
		msgsnd(queue, &message, sizeof(message.text), 0);
		msgrcv(queue, &message, sizeof(message.text), 0, 0);
		if (eventfd_write(event, 1))
			return 1;
	}
	semctl(set, 0, IPC_RMID);
	return msgctl(queue, IPC_RMID, NULL);
}

int main(int count, char **words)
{
	static const struct { const char *name; int (*run)(const char *); } all[] = {
		{ "breakpoint", breakpoint }, { "timers", timers }, { "steps", steps },
		{ "sockets", sockets }, { "memory", memory }, { "files", files },
		{ "threads", threads },
	};
	unsigned int i;

	for (i = 0; count > 1 && i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(words[1], all[i].name))
			return all[i].run(count > 2 ? words[2] : "0");
	fprintf(stderr, "load: breakpoint ADDRESS, timers, steps, sockets, memory, files, threads\n");
	return 2;
}
