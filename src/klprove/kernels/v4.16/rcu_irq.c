/* rcu_irq.c - RCU is told of interrupts, as of NMIs.
 *
 * Models: rcu_irq_enter, rcu_irq_exit, rcu_irq_enter_irqson,
 * rcu_irq_exit_irqson, rcu_is_cpu_rrupt_from_idle of kernel/rcu/tree.c, as in
 * v4.16, after Linux kernel commit 58721f5da4bc ("rcu: Define
 * rcu_irq_{enter,exit}() in terms of rcu_nmi_{enter,exit}()") (in v4.16).
 * Leaves out: rcu_prepare_for_idle and rcu_cleanup_after_idle (callback lists;
 * the look at the nesting before each is kept where it decides something
 * else), lockdep's check that interrupts are off.
 */

/* The nesting says whether the idle task's own marks have to change. */
static void rcu_irq_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);

	if (rdtp->dynticks_nmi_nesting == 0)
		rcu_dynticks_task_exit();
	rcu_nmi_enter();
}

static void rcu_irq_exit(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);

	rcu_nmi_exit();
	if (rdtp->dynticks_nmi_nesting == 0)
		rcu_dynticks_task_enter();
}

/* Interrupts are off during the call only, not between enter and exit. */
static void rcu_irq_enter_irqson(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rcu_irq_enter();
	local_irq_restore(flags);
}

static void rcu_irq_exit_irqson(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rcu_irq_exit();
	local_irq_restore(flags);
}

/* Asked by the tick, itself an interrupt: does it come straight from idle? */
static notrace bool rcu_is_cpu_rrupt_from_idle(void)
{
	return this_cpu(rcu_dynticks).dynticks_nesting <= 0
	       && this_cpu(rcu_dynticks).dynticks_nmi_nesting <= 1;
}
