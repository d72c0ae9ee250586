/* rcu_nmi.c - RCU is told of NMIs, of exceptions, and of interrupts too.
 *
 * Models: rcu_nmi_enter_common, rcu_nmi_exit_common, rcu_nmi_enter,
 * rcu_nmi_exit of kernel/rcu/tree.c, as in v4.20: the caller says whether it is
 * an interrupt, and then the idle task's mark goes and comes inside. Diverges
 * at Linux kernel commit 9ea366f669de ("rcu: Make RCU IRQ enter/exit functions
 * rely on in_nmi()") (in v5.8).
 * Leaves out: tracepoints; rcu_prepare_for_idle and rcu_cleanup_after_idle
 * (callback lists).
 */

/* RCU is made to watch first and the nesting is counted after, so that an NMI
 * between the two finds RCU watching and adds 2. */
static __always_inline notrace void rcu_nmi_enter_common(bool irq)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	long incby = 2;

	WARN_ON_ONCE(rdp->dynticks_nmi_nesting < 0);
	if (rcu_dynticks_curr_cpu_in_eqs()) {
		if (irq)
			rcu_dynticks_task_exit();
		rcu_dynticks_eqs_exit();
		incby = 1;
	}
	WRITE_ONCE(rdp->dynticks_nmi_nesting, rdp->dynticks_nmi_nesting + incby);
	barrier();
}

/* The level that found RCU off counted 1, so it alone sees 1 here. */
static __always_inline notrace void rcu_nmi_exit_common(bool irq)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	long nesting = rdp->dynticks_nmi_nesting;

	WARN_ON_ONCE(nesting <= 0);
	WARN_ON_ONCE(rcu_dynticks_curr_cpu_in_eqs());
	if (nesting != 1) {
		WRITE_ONCE(rdp->dynticks_nmi_nesting, nesting - 2);
		return;
	}
	WRITE_ONCE(rdp->dynticks_nmi_nesting, 0);
	rcu_dynticks_eqs_enter();
	if (irq)
		rcu_dynticks_task_enter();
}

static void rcu_nmi_enter(void)
{
	rcu_nmi_enter_common(false);
}

static void rcu_nmi_exit(void)
{
	rcu_nmi_exit_common(false);
}
