/* transition_options.h - who takes part, and what the administrator does.
 *
 * Models: nothing of the kernel's; -DNAME=VALUE sets each.
 * Leaves out: nothing.
 */
#define ACTION_enable		1	/* A; nothing was patched */
#define ACTION_disable		2	/* A goes, and its module */
#define ACTION_reverse		3	/* A is enabled or disabled, and in the middle it is not */
#define ACTION_cycle		4	/* A is enabled, then disabled, then its module goes */
#define ACTION_stack		5	/* B on top of A, then off again, then B's module goes */
#define ACTION_immediate	6	/* A, an immediate patch, then B on top of it */
#define ACTION_replace		7	/* B replaces A; A's module goes */
#define ACTION_revert		8	/* B replaces A by the original; A's module goes */
#define ACTION_force		9	/* as disable, but forced */
#define ACTION_force_replace	10	/* as replace, but forced */

#define ACTION_coming		11	/* as reverse, but the patched module comes and goes meanwhile */

#ifndef KLP_ACTION
#define KLP_ACTION enable
#endif
#define ACTION_CAT(name)	ACTION_##name
#define ACTION_OF(name)		ACTION_CAT(name)
#define ACTION			ACTION_OF(KLP_ACTION)

/* Tasks beside the idle one: 1 or 0 each. */
#ifndef USER_TASK
#define USER_TASK 1
#endif
#ifndef KTHREAD
#define KTHREAD 1
#endif

/* The user's task, and its child, call the patched function; so does the idle task. */
#ifndef USER_CALLS
#define USER_CALLS 1
#endif
#ifndef IDLE_CALLS
#define IDLE_CALLS 1
#endif

/* The user's task forks: 1. It exits, and is off the list of tasks before it has
 * left the patched function: 1; after it has: 2. */
#ifndef FORKS
#define FORKS 0
#endif
#ifndef EXITS
#define EXITS 0
#endif

/* A task may sleep in the patched function. */
#ifndef SLEEPS
#define SLEEPS 1
#endif

/* A task is preempted in the patched function, instead of going to sleep there: what
 * an interrupt put on its stack hides what lies below. */
#ifndef PREEMPTED
#define PREEMPTED 0
#endif

/* A task that sleeps in the patched function sleeps in its .cold part. */
#ifndef COLD
#define COLD 0
#endif

/* What a task in the patched function waits for never comes: only a signal ends
 * its sleep. */
#ifndef NO_EVENT
#define NO_EVENT 0
#endif

/* An idle CPU sleeps until it is told to look for work. */
#ifndef DEEP_IDLE
#define DEEP_IDLE 0
#endif

/* The kernel's thread never sleeps; it calls cond_resched() now and then. */
#ifndef BUSY_KTHREAD
#define BUSY_KTHREAD 0
#endif

/* The core waits for a worker thread on the tasks' CPU, not for its preempt_count:
 * to be set with --memory-model tso. */
#ifndef WORKER_THREAD
#define WORKER_THREAD 0
#endif

/* An interrupt that calls the patched function may arrive at any time. */
#ifndef INTERRUPTS
#define INTERRUPTS 0
#endif
