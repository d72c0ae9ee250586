/* protocol.h - how the meltdown livepatch gets rid of its entry code.
 *
 * Models: the scheme that README.adoc of nicstange/meltdown-livepatch describes
 * ("make entry code replacement rmmodable"), for a 4.4 kernel with kGraft: a
 * count a CPU, raised at entry and lowered at exit of the replaced entry code,
 * a new task that leaves through it without having entered, an exiting task that
 * entered and never leaves, two rounds of schedule_on_each_cpu().
 * Leaves out: interrupts and exceptions from user mode (they take no count and
 * cannot be switched out inside the entry code), hotplug, page tables.
 *
 * CPU 0 runs a task that makes one system call, CPU 1 its child, CPU 2 removes.
 * A model sets to 0 what it leaves away.
 */
#ifndef COUNT_AT_ENTRY
#define COUNT_AT_ENTRY	1
#endif
#ifndef COUNT_AT_LEAVE
#define COUNT_AT_LEAVE	1
#endif
#ifndef COUNT_AT_FORK
#define COUNT_AT_FORK	1
#endif
#ifndef COUNT_AT_EXIT
#define COUNT_AT_EXIT	1
#endif
#ifndef WAIT_BEFORE
#define WAIT_BEFORE	1
#endif
#ifndef WAIT_AGAIN
#define WAIT_AGAIN	1
#endif

char entry_code;		/* of the livepatch's module */
int redirected = 1;		/* IDT and system call registers lead to it */
int draining;			/* new tasks leave through the old code */
int refcount[2];		/* by CPU: only the sum says anything */
int unswitchable[2];		/* a CPU where no work item can run now */
int forked, gone[2];

/* In the entry code, before the first or after the last possible schedule(). */
static void enter(int cpu)
{
	READ_ONCE(entry_code);
	if (COUNT_AT_ENTRY)
		refcount[cpu]++;
	READ_ONCE(entry_code);
}

static void leave(int cpu)
{
	READ_ONCE(entry_code);
	if (COUNT_AT_LEAVE)
		refcount[cpu]--;
	READ_ONCE(entry_code);
}

__task(0) void system_call(void)
{
	int owns = 0;

	unswitchable[0] = 1;
	if (READ_ONCE(redirected)) {
		enter(0);
		owns = 1;
	}
	unswitchable[0] = 0;
	if (choose(2))
		forked = 1;
	if (choose(2)) {	/* exits: no way back through the entry code */
		if (owns && COUNT_AT_EXIT)
			refcount[0]--;
	} else {
		unswitchable[0] = 1;
		if (owns)
			leave(0);
		unswitchable[0] = 0;
	}
	if (!forked)
		gone[1] = 1;
	gone[0] = 1;
}

/* schedule_tail() decides where the new task returns to. */
__task(1) void ret_from_fork(void)
{
	int owns = 0;

	await(forked);
	unswitchable[1] = 1;
	if (!READ_ONCE(draining)) {
		owns = 1;
		if (COUNT_AT_FORK)
			refcount[1]++;
	}
	unswitchable[1] = 0;
	unswitchable[1] = 1;
	if (owns)
		leave(1);
	unswitchable[1] = 0;
	gone[1] = 1;
}

static void schedule_on_each_cpu(void)
{
	await(!unswitchable[0]);
	await(!unswitchable[1]);
}

__task(2) void patch_entry_drain(void)
{
	int quiet, sum;

	draining = 1;
	redirected = 0;
	if (WAIT_BEFORE)
		schedule_on_each_cpu();
	do {
		quiet = gone[0] && gone[1];
		sum = refcount[0];
		sum += refcount[1];
		assert(!quiet || !sum);	/* nobody is left, and it would wait for ever */
	} while (sum);
	if (WAIT_AGAIN)
		schedule_on_each_cpu();
	kfree(&entry_code);
}
