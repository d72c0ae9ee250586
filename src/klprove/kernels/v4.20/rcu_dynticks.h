/* rcu_dynticks.h - what RCU knows about a CPU.
 *
 * Models: struct rcu_data and the constants of kernel/rcu/rcu.h and
 * kernel/rcu/tree.h, as in v4.20: struct rcu_dynticks is folded into rcu_data,
 * by Linux kernel commit dc5a4f2932f1 ("rcu: Switch dyntick nesting counters to
 * rcu_data structure") (in v4.20) among others, id from memory.
 * Leaves out: rcu_need_heavy_qs, rcu_urgent_qs (they hasten a quiescent state
 * that may come at any time), callbacks, the tree of rcu_nodes.
 */

/* dynticks: bit 0 asks for a special action, bit 1 says "RCU is watching". */
#define RCU_DYNTICK_CTRL_MASK	0x1
#define RCU_DYNTICK_CTRL_CTR	(RCU_DYNTICK_CTRL_MASK + 1)

/* As many values as in v4.12, for the same reason. */
#if NR_CPUS > 1
#define DYNTICKS_BITS	3
#else
#define DYNTICKS_BITS	2
#endif

/* dynticks_nmi_nesting at process level outside idle: far from any real depth,
 * so that no exit there takes itself for the outermost. */
#define DYNTICK_IRQ_NONIDLE	((0x7fffffffffffffffL / 2) + 1)

struct rcu_data {
	bool cpu_no_qs;			/* owes the grace period a quiescent state */
	long dynticks_nesting;		/* process level: 0 idle, 1 not */
	long dynticks_nmi_nesting;	/* irqs and NMIs; odd: the outermost found RCU off */
	atomic_t dynticks __wraps(DYNTICKS_BITS);
};

static DEFINE_PER_CPU(struct rcu_data, rcu_data) = {
	.dynticks_nesting = 1,
	.dynticks_nmi_nesting = DYNTICK_IRQ_NONIDLE,
	.dynticks = ATOMIC_INIT(RCU_DYNTICK_CTRL_CTR),
};

/* For properties.c: the nestings at rest in a task, and where they are; no flag. */
#define NESTING_AT_REST		1
#define NMI_NESTING_AT_REST	DYNTICK_IRQ_NONIDLE
#define OTHER_WORD		0
#define THIS_CPU_WATCHING	(atomic_read(&this_cpu(rcu_data).dynticks) & RCU_DYNTICK_CTRL_CTR)
#define THIS_CPU_NESTING	this_cpu(rcu_data).dynticks_nesting
#define THIS_CPU_NMI_NESTING	this_cpu(rcu_data).dynticks_nmi_nesting
