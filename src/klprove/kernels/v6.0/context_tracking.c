/* context_tracking.c - RCU is told of idle, interrupts, NMIs and exceptions.
 *
 * Models: rcu_dynticks_task_enter, rcu_dynticks_task_exit, ct_kernel_exit_state,
 * ct_kernel_enter_state, ct_kernel_exit, ct_kernel_enter, ct_nmi_enter,
 * ct_nmi_exit, ct_idle_enter, ct_idle_exit, ct_irq_enter, ct_irq_exit,
 * ct_irq_enter_irqson, ct_irq_exit_irqson of kernel/context_tracking.c, as in
 * v6.0 and v6.1, after Linux kernel commit e67198cc05b8 ("context_tracking: Take
 * idle eqs entrypoints over RCU") (in v6.0), Linux kernel commit 6f0e6c1598b1
 * ("context_tracking: Take IRQ eqs entrypoints over RCU") (in v6.0), Linux kernel
 * commit 493c1822825f ("context_tracking: Take NMI eqs entrypoints over RCU") (in
 * v6.0) and Linux kernel commit 171476775d32 ("context_tracking: Convert state to
 * atomic_t") (in v6.0).
 * Leaves out: tracepoints, lockdep, instrumentation for sanitizers; RCU-tasks-
 * trace; deferred quiescent states; rcu_irq_enter_check_tick (NO_HZ_FULL's
 * tick); user mode.
 */
static __always_inline notrace void rcu_dynticks_task_enter(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, smp_processor_id());
}

static __always_inline notrace void rcu_dynticks_task_exit(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, -1);
}

/* Neither looks at the state it starts from: in the wrong one it does the
 * opposite of what it is called. offset also changes the context. */
static noinstr void ct_kernel_exit_state(int offset)
{
	int seq = ct_state_inc(offset);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & RCU_DYNTICKS_IDX));
}

static noinstr void ct_kernel_enter_state(int offset)
{
	int seq = ct_state_inc(offset);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && !(seq & RCU_DYNTICKS_IDX));
}

/* Out of the kernel, as RCU sees it: here, into idle. Interrupts are off. */
static noinstr void ct_kernel_exit(bool user, int offset)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);

	WARN_ON_ONCE(ct_dynticks_nmi_nesting() != DYNTICK_IRQ_NONIDLE);
	WRITE_ONCE(ct->dynticks_nmi_nesting, 0);
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && ct_dynticks_nesting() == 0);
	if (ct_dynticks_nesting() != 1) {
		ct->dynticks_nesting--;
		return;
	}
	WRITE_ONCE(ct->dynticks_nesting, 0);
	ct_kernel_exit_state(offset);
	rcu_dynticks_task_enter();
}

/* RCU watches before the words say so: what interrupts in between still counts
 * from the idle values, and leaves them. */
static noinstr void ct_kernel_enter(bool user, int offset)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);
	long oldval = ct_dynticks_nesting();

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 0);
	if (oldval) {
		ct->dynticks_nesting++;
		return;
	}
	rcu_dynticks_task_exit();
	ct_kernel_enter_state(offset);
	WRITE_ONCE(ct->dynticks_nesting, 1);
	WARN_ON_ONCE(ct_dynticks_nmi_nesting());
	WRITE_ONCE(ct->dynticks_nmi_nesting, DYNTICK_IRQ_NONIDLE);
}

/* The level that found RCU off counted 1, so it alone sees 1 here. */
static noinstr void ct_nmi_exit(void)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);

	WARN_ON_ONCE(ct_dynticks_nmi_nesting() <= 0);
	WARN_ON_ONCE(rcu_dynticks_curr_cpu_in_eqs());
	if (ct_dynticks_nmi_nesting() != 1) {
		WRITE_ONCE(ct->dynticks_nmi_nesting, ct_dynticks_nmi_nesting() - 2);
		return;
	}
	WRITE_ONCE(ct->dynticks_nmi_nesting, 0);
	ct_kernel_exit_state(RCU_DYNTICKS_IDX);
	if (!in_nmi())
		rcu_dynticks_task_enter();
}

/* RCU is made to watch first and the nesting is counted after, so that an NMI
 * between the two finds RCU watching and adds 2. */
static noinstr void ct_nmi_enter(void)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);
	long incby = 2;

	WARN_ON_ONCE(ct_dynticks_nmi_nesting() < 0);
	if (rcu_dynticks_curr_cpu_in_eqs()) {
		if (!in_nmi())
			rcu_dynticks_task_exit();
		ct_kernel_enter_state(RCU_DYNTICKS_IDX);
		incby = 1;
	}
	WRITE_ONCE(ct->dynticks_nmi_nesting, ct_dynticks_nmi_nesting() + incby);
	barrier();
}

static noinstr void ct_idle_enter(void)
{
	ct_kernel_exit(false, RCU_DYNTICKS_IDX + CONTEXT_IDLE);
}

static noinstr void ct_idle_exit(void)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	ct_kernel_enter(false, RCU_DYNTICKS_IDX - CONTEXT_IDLE);
	raw_local_irq_restore(flags);
}

static noinstr void ct_irq_enter(void)
{
	ct_nmi_enter();
}

static noinstr void ct_irq_exit(void)
{
	ct_nmi_exit();
}

/* Interrupts are off during the call only, not between enter and exit. */
static void ct_irq_enter_irqson(void)
{
	unsigned long flags;

	local_irq_save(flags);
	ct_irq_enter();
	local_irq_restore(flags);
}

static void ct_irq_exit_irqson(void)
{
	unsigned long flags;

	local_irq_save(flags);
	ct_irq_exit();
	local_irq_restore(flags);
}
