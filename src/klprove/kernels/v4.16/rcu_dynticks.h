/* rcu_dynticks.h - what RCU knows about a CPU.
 *
 * Models: struct rcu_dynticks and the constants of kernel/rcu/rcu.h and
 * kernel/rcu/tree.h, as in v4.16, after Linux kernel commit 58721f5da4bc ("rcu:
 * Define rcu_irq_{enter,exit}() in terms of rcu_nmi_{enter,exit}()") (in
 * v4.16): interrupts are counted with the NMIs, and disable_rcu_irq_enter is
 * gone.
 * Leaves out: as in v4.12.
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

/* dynticks_nmi_nesting at process level outside idle: far from any real depth,
 * so that no exit there takes itself for the outermost. */
#define DYNTICK_IRQ_NONIDLE	((0x7fffffffffffffffL / 2) + 1)

struct rcu_dynticks {
	long dynticks_nesting;		/* process level: 0 idle, 1 not */
	long dynticks_nmi_nesting;	/* irqs and NMIs; odd: the outermost found RCU off */
	atomic_t dynticks __wraps(DYNTICKS_BITS);
};

static DEFINE_PER_CPU(struct rcu_dynticks, rcu_dynticks) = {
	.dynticks_nesting = 1,
	.dynticks_nmi_nesting = DYNTICK_IRQ_NONIDLE,
	.dynticks = ATOMIC_INIT(RCU_DYNTICK_CTRL_CTR),
};

/* For properties.c: the nestings at rest in a task, and where they are; no flag. */
#define NESTING_AT_REST		1
#define NMI_NESTING_AT_REST	DYNTICK_IRQ_NONIDLE
#define OTHER_WORD		0
#define THIS_CPU_WATCHING	(atomic_read(&this_cpu(rcu_dynticks).dynticks) & RCU_DYNTICK_CTRL_CTR)
#define THIS_CPU_NESTING	this_cpu(rcu_dynticks).dynticks_nesting
#define THIS_CPU_NMI_NESTING	this_cpu(rcu_dynticks).dynticks_nmi_nesting
