/* context_tracking.c - RCU is told of idle, interrupts, NMIs and exceptions.
 *
 * Models: rcu_task_enter, rcu_task_exit, ct_kernel_exit_state,
 * ct_kernel_enter_state, ct_kernel_exit, ct_kernel_enter, ct_nmi_enter,
 * ct_nmi_exit, ct_idle_enter, ct_idle_exit, ct_irq_enter, ct_irq_exit,
 * ct_irq_enter_irqson, ct_irq_exit_irqson of kernel/context_tracking.c, as in
 * v6.12: v6.0's under the new names.
 * Leaves out: as in v6.0.
 */
static __always_inline notrace void rcu_task_enter(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, smp_processor_id());
}

static __always_inline notrace void rcu_task_exit(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, -1);
}

/* Neither looks at the state it starts from: in the wrong one it does the
 * opposite of what it is called. offset also changes the context. */
static noinstr void ct_kernel_exit_state(int offset)
{
	int seq = ct_state_inc(offset);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & CT_RCU_WATCHING));
}

static noinstr void ct_kernel_enter_state(int offset)
{
	int seq = ct_state_inc(offset);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && !(seq & CT_RCU_WATCHING));
}

/* Out of the kernel, as RCU sees it: here, into idle. Interrupts are off. */
static noinstr void ct_kernel_exit(bool user, int offset)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);

	WARN_ON_ONCE(ct_nmi_nesting() != CT_NESTING_IRQ_NONIDLE);
	WRITE_ONCE(ct->nmi_nesting, 0);
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && ct_nesting() == 0);
	if (ct_nesting() != 1) {
		ct->nesting--;
		return;
	}
	WRITE_ONCE(ct->nesting, 0);
	ct_kernel_exit_state(offset);
	rcu_task_enter();
}

/* RCU watches before the words say so: what interrupts in between still counts
 * from the idle values, and leaves them. */
static noinstr void ct_kernel_enter(bool user, int offset)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);
	long oldval = ct_nesting();

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 0);
	if (oldval) {
		ct->nesting++;
		return;
	}
	rcu_task_exit();
	ct_kernel_enter_state(offset);
	WRITE_ONCE(ct->nesting, 1);
	WARN_ON_ONCE(ct_nmi_nesting());
	WRITE_ONCE(ct->nmi_nesting, CT_NESTING_IRQ_NONIDLE);
}

/* The level that found RCU off counted 1, so it alone sees 1 here. */
static noinstr void ct_nmi_exit(void)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);

	WARN_ON_ONCE(ct_nmi_nesting() <= 0);
	WARN_ON_ONCE(!rcu_is_watching_curr_cpu());
	if (ct_nmi_nesting() != 1) {
		WRITE_ONCE(ct->nmi_nesting, ct_nmi_nesting() - 2);
		return;
	}
	WRITE_ONCE(ct->nmi_nesting, 0);
	ct_kernel_exit_state(CT_RCU_WATCHING);
	if (!in_nmi())
		rcu_task_enter();
}

/* RCU is made to watch first and the nesting is counted after, so that an NMI
 * between the two finds RCU watching and adds 2. */
static noinstr void ct_nmi_enter(void)
{
	struct context_tracking *ct = this_cpu_ptr(&context_tracking);
	long incby = 2;

	WARN_ON_ONCE(ct_nmi_nesting() < 0);
	if (!rcu_is_watching_curr_cpu()) {
		if (!in_nmi())
			rcu_task_exit();
		ct_kernel_enter_state(CT_RCU_WATCHING);
		incby = 1;
	}
	WRITE_ONCE(ct->nmi_nesting, ct_nmi_nesting() + incby);
	barrier();
}

static noinstr void ct_idle_enter(void)
{
	ct_kernel_exit(false, CT_RCU_WATCHING + CT_STATE_IDLE);
}

static noinstr void ct_idle_exit(void)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	ct_kernel_enter(false, CT_RCU_WATCHING - CT_STATE_IDLE);
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
