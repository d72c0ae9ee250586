/* rcu_irq.c - RCU is told of interrupts, as of NMIs.
 *
 * Models: rcu_irq_enter, rcu_irq_exit, rcu_irq_enter_irqson,
 * rcu_irq_exit_irqson, rcu_is_cpu_rrupt_from_idle of kernel/rcu/tree.c, as in
 * v5.8, after Linux kernel commit 9ea366f669de ("rcu: Make RCU IRQ enter/exit
 * functions rely on in_nmi()") (in v5.8). Diverges at Linux kernel commit
 * 6f0e6c1598b1 ("context_tracking: Take IRQ eqs entrypoints over RCU") (in
 * v6.0).
 * Leaves out: lockdep's check that interrupts are off.
 */

static noinstr void rcu_irq_enter(void)
{
	rcu_nmi_enter();
}

static noinstr void rcu_irq_exit(void)
{
	rcu_nmi_exit();
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
	if (this_cpu(rcu_data).dynticks_nmi_nesting > 1)
		return false;
	return this_cpu(rcu_data).dynticks_nesting == 0;
}
