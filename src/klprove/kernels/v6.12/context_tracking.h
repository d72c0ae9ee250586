/* context_tracking.h - what RCU knows about a CPU.
 *
 * Models: struct context_tracking, the constants, __ct_state, ct_nesting,
 * ct_nmi_nesting, ct_rcu_watching_cpu_acquire of
 * include/linux/context_tracking_state.h; ct_state_inc,
 * rcu_is_watching_curr_cpu of context_tracking.h; struct rcu_data
 * of kernel/rcu/tree.h, as in v6.12: v6.0's under the new names, which say
 * "watching" where they said dynticks.
 * Leaves out: user and guest mode (the same states from another source), the
 * recursion word of their tracking; callbacks, the tree of rcu_nodes.
 */

/* The two low bits of state. */
enum ctx_state {
	CT_STATE_KERNEL	= 0,
	CT_STATE_IDLE	= 1,
	CT_STATE_USER	= 2,
	CT_STATE_GUEST	= 3,
	CT_STATE_MAX	= 4,
};

/* Above them a counter: odd says "RCU is watching". */
#define CT_RCU_WATCHING		CT_STATE_MAX
#define CT_STATE_MASK		(CT_STATE_MAX - 1)
#define CT_RCU_WATCHING_MASK	(~CT_STATE_MASK)

/* As many values of the counter as in v4.12, for the same reason. */
#if NR_CPUS > 1
#define CT_STATE_BITS	4
#else
#define CT_STATE_BITS	3
#endif

/* nmi_nesting at process level outside idle: far from any real depth, so that
 * no exit there takes itself for the outermost. */
#define CT_NESTING_IRQ_NONIDLE	((0x7fffffffffffffffL / 2) + 1)

struct context_tracking {
	atomic_t state __wraps(CT_STATE_BITS);
	long nesting;			/* process level: 0 idle, 1 not */
	long nmi_nesting;		/* irqs and NMIs; odd: the outermost found RCU off */
};

static DEFINE_PER_CPU(struct context_tracking, context_tracking) = {
	.nesting = 1,
	.nmi_nesting = CT_NESTING_IRQ_NONIDLE,
	.state = ATOMIC_INIT(CT_RCU_WATCHING),
};

struct rcu_data {
	bool cpu_no_qs;			/* owes the grace period a quiescent state */
};
static DEFINE_PER_CPU(struct rcu_data, rcu_data);

#define arch_atomic_read(p)		atomic_read(p)
#define arch_atomic_add_return(v, p)	atomic_add_return(v, p)

static __always_inline notrace int __ct_state(void)
{
	return arch_atomic_read(this_cpu_ptr(&context_tracking.state)) & CT_STATE_MASK;
}

static __always_inline notrace int ct_rcu_watching_cpu_acquire(int cpu)
{
	struct context_tracking *ct = per_cpu_ptr(&context_tracking, cpu);

	return atomic_read(&ct->state) & CT_RCU_WATCHING_MASK;
}

static __always_inline notrace long ct_nesting(void)
{
	return __this_cpu_read(context_tracking.nesting);
}

static __always_inline notrace long ct_nmi_nesting(void)
{
	return __this_cpu_read(context_tracking.nmi_nesting);
}

static __always_inline notrace bool rcu_is_watching_curr_cpu(void)
{
	return arch_atomic_read(this_cpu_ptr(&context_tracking.state)) & CT_RCU_WATCHING;
}

static __always_inline notrace unsigned long ct_state_inc(int incby)
{
	return arch_atomic_add_return(incby, this_cpu_ptr(&context_tracking.state));
}

/* For properties.c: the nestings at rest in a task, and where they are; the mark for
 * RCU-tasks and the context. */
#define NESTING_AT_REST		1
#define NMI_NESTING_AT_REST	CT_NESTING_IRQ_NONIDLE
#define OTHER_WORD		((current->rcu_tasks_idle_cpu + 1) << 2 \
				 | (atomic_read(&this_cpu(context_tracking).state) & CT_STATE_MASK))
#define THIS_CPU_WATCHING	(atomic_read(&this_cpu(context_tracking).state) & CT_RCU_WATCHING)
#define THIS_CPU_NESTING	this_cpu(context_tracking).nesting
#define THIS_CPU_NMI_NESTING	this_cpu(context_tracking).nmi_nesting
