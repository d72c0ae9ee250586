/* rcu_dynticks.h - what RCU knows about a CPU.
 *
 * Models: struct rcu_dynticks and the constants of include/linux/rcupdate.h,
 * kernel/rcu/rcu.h and kernel/rcu/tree.h, as in v4.12. v4.14 is the same;
 * diverges at Linux kernel commit 58721f5da4bc ("rcu: Define rcu_irq_{enter,
 * exit}() in terms of rcu_nmi_{enter,exit}()") (in v4.16).
 * Leaves out: rcu_need_heavy_qs, rcu_qs_ctr, rcu_urgent_qs (ways to ask a busy
 * CPU for a quiescent state: they only hasten what grace_period.c allows at
 * any time), sysidle, RCU_FAST_NO_HZ.
 */

/* dynticks: bit 0 asks for a special action, bit 1 says "RCU is watching". */
#define RCU_DYNTICK_CTRL_MASK	0x1
#define RCU_DYNTICK_CTRL_CTR	(RCU_DYNTICK_CTRL_MASK + 1)

/* The counter only ever grows, by 2. On one CPU nobody compares it with an old
 * value, so bit 1 is all there is to it. With an updater a snapshot is
 * compared: four values, so that "off and on again" still differs from "never
 * off". That a full turn looks like no change loses nothing: the updater may
 * look at any time, and one step earlier it would have seen the difference. */
#if NR_CPUS > 1
#define DYNTICKS_BITS	3
#else
#define DYNTICKS_BITS	2
#endif

/* dynticks_nesting: process level in the high bits, irq levels in the low ones,
 * with room between them for an irq count that went a little below zero. */
#define DYNTICK_TASK_NEST_WIDTH	7
#define DYNTICK_TASK_NEST_VALUE	((s64)1 << 56)
#define DYNTICK_TASK_NEST_MASK	((s64)0x7f << 56)
#define DYNTICK_TASK_FLAG	((s64)1 << 54)
#define DYNTICK_TASK_EXIT_IDLE	(DYNTICK_TASK_NEST_VALUE + DYNTICK_TASK_FLAG)

struct rcu_dynticks {
	s64 dynticks_nesting;		/* 0: idle, +k: k irq levels */
	int dynticks_nmi_nesting;	/* odd: the outermost one found RCU off */
	atomic_t dynticks __wraps(DYNTICKS_BITS);
};

static DEFINE_PER_CPU(struct rcu_dynticks, rcu_dynticks) = {
	.dynticks_nesting = DYNTICK_TASK_EXIT_IDLE,
	.dynticks = ATOMIC_INIT(RCU_DYNTICK_CTRL_CTR),
};

/* A counter, although the kernel calls it a bool: ++ and -- nest. */
static DEFINE_PER_CPU(int, disable_rcu_irq_enter);

/* For properties.c: the nestings at rest in a task, the flag, and where they are. */
#define NESTING_AT_REST		DYNTICK_TASK_EXIT_IDLE
#define NMI_NESTING_AT_REST	0
#define OTHER_WORD		this_cpu(disable_rcu_irq_enter)
#define THIS_CPU_WATCHING	(atomic_read(&this_cpu(rcu_dynticks).dynticks) & RCU_DYNTICK_CTRL_CTR)
#define THIS_CPU_NESTING	this_cpu(rcu_dynticks).dynticks_nesting
#define THIS_CPU_NMI_NESTING	this_cpu(rcu_dynticks).dynticks_nmi_nesting
