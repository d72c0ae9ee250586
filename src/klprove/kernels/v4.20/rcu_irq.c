/* rcu_irq.c - RCU is told of interrupts, as of NMIs.
 *
 * Models: rcu_irq_enter, rcu_irq_exit, rcu_irq_enter_irqson,
 * rcu_irq_exit_irqson, rcu_is_cpu_rrupt_from_idle of kernel/rcu/tree.c, as in
 * v4.20, after Linux kernel commit cf7614e13c8f ("rcu: Refactor
 * rcu_{nmi,irq}_{enter,exit}()") (in v4.20): what an interrupt does
 * more than an NMI is done inside the common function.
 * Leaves out: lockdep's check that interrupts are off.
 */

static void rcu_irq_enter(void)
{
	rcu_nmi_enter_common(true);
}

static void rcu_irq_exit(void)
{
	rcu_nmi_exit_common(true);
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
	return this_cpu(rcu_data).dynticks_nesting <= 0
	       && this_cpu(rcu_data).dynticks_nmi_nesting <= 1;
}
