/* task.h - what a task is to the code of this model.
 *
 * Models: struct task_struct, struct pt_regs (x86-64), current, is_idle_task(),
 * as in v4.12.
 * Leaves out: that the idle task and an ordinary task are two. One task_struct
 * a CPU plays both roles in turn (kernel/sched/idle.c here): the fields that
 * nested code reads, guard word, patch state and reader depth, have the same
 * value in both whenever one is switched for the other.
 */
#if NR_CPUS > 1
#define READER_CPUS	0	/* CPU 1 is the updater's; it takes no interrupts */
#else
#define READER_CPUS	ALL
#endif
#define UPDATER_CPU	1

#define PF_IDLE			0x2
#define TIF_PATCH_PENDING	13

enum { KLP_UNDEFINED = -1, KLP_UNPATCHED, KLP_PATCHED };

struct pt_regs {
	unsigned long ip;
};

struct task_struct {
	unsigned int flags;		/* PF_IDLE while it stands for the idle task */
	unsigned long thread_flags;	/* thread_info.flags: TIF_* */
	unsigned int trace_recursion;	/* the ftrace guard: a bit a context */
	int rcu_read_lock_nesting;
	int rcu_tasks_idle_cpu;		/* CPU that it idles on, -1: none */
	int patch_state;
};

static __percpu struct task_struct cpu_task = {
	.rcu_tasks_idle_cpu = -1,
	.patch_state = KLP_UNDEFINED,
};

#define current			this_cpu_ptr(&cpu_task)
#define is_idle_task(task)	((task)->flags & PF_IDLE)
