/* transition_tasks.h - tasks, their stacks, and the CPU that they share.
 *
 * Models: struct task_struct, thread flags, the list of tasks and idle_task();
 * struct rq with its lock and curr, as in v4.12 on x86-64.
 * Leaves out: everything of a stack but the return addresses into the patched
 * function; priorities (whoever may run next, may); the list of tasks as a
 * list: here it is an array and a flag.
 */
enum { KLP_UNDEFINED = -1, KLP_UNPATCHED, KLP_PATCHED };

enum { TIF_SIGPENDING = 2, TIF_PATCH_PENDING = 13 };

#define DEPTH	2	/* calls of the patched function on one stack */

struct task_struct {
	unsigned long thread_flags;	/* thread_info.flags: TIF_* */
	int patch_state;
	bool kthread;			/* PF_KTHREAD */
	bool on_list;			/* for_each_process_thread() sees it; idle tasks: for_each_possible_cpu() */
	bool unreliable;		/* a walk over its stack cannot be trusted */
	const char *stack[DEPTH];	/* return addresses, outermost first; NULL: none */
};

enum {
#if USER_TASK
	USER,
#endif
#if FORKS
	CHILD,
#endif
#if KTHREAD
	WORKER,
#endif
	IDLE,
	NR_TASKS
};

static struct task_struct tasks[NR_TASKS] = {
#if USER_TASK
	[USER] = { .patch_state = KLP_UNDEFINED, .on_list = true },
#endif
#if FORKS
	[CHILD] = { .patch_state = KLP_UNDEFINED },
#endif
#if KTHREAD
	[WORKER] = { .patch_state = KLP_UNDEFINED, .on_list = true, .kthread = true },
#endif
	[IDLE] = { .patch_state = KLP_UNDEFINED, .on_list = true, .kthread = true },
};

#define for_each_task(task) \
	for (task = &tasks[0]; task < &tasks[NR_TASKS]; task++) \
		if (READ_ONCE(task->on_list))

struct rq {
	int lock;
	struct task_struct *curr;
	bool need_resched;
};

/* At boot the CPU is about to choose its first task. */
static struct rq runqueue = { .lock = 1, .curr = &tasks[IDLE] };

#define TASK_CPU	0
#define ADMIN_CPU	1

#define current		READ_ONCE(runqueue.curr)

struct pt_regs {
	unsigned long ip;
};
