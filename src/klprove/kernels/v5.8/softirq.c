/* softirq.c - what every interrupt does around its body, RCU being told already.
 *
 * Models: irq_enter_rcu, irq_exit_rcu, __do_softirq, local_bh_disable,
 * _local_bh_enable of kernel/softirq.c; tick_irq_enter of kernel/time, as in
 * v5.8: irq_enter and irq_exit are split, so that the entry code alone tells RCU.
 * Leaves out: time accounting, lockdep, ksoftirqd and the restart of the softirq
 * loop, tick_irq_exit; what tick_irq_enter does (jiffies).
 */

/* Bottom halves run with interrupts on, and are no place for a second round. */
static void __do_softirq(void)
{
	preempt_count_add(SOFTIRQ_OFFSET);
	local_irq_enable();
	body_needs_rcu();
	local_irq_disable();
	preempt_count_sub(SOFTIRQ_OFFSET);
}

static void tick_irq_enter(void)
{
	body_needs_rcu();
}

/* The first traceable function of an interrupt: not yet counted as one. */
static void irq_enter_rcu(void)
{
	if (is_idle_task(current) && !in_interrupt()) {
		/* must not raise and run a softirq here */
		preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
		tick_irq_enter();
		preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
	}
	preempt_count_add(HARDIRQ_OFFSET);
}

static void irq_exit_rcu(void)
{
	preempt_count_sub(HARDIRQ_OFFSET);
	/* any body, this one's or an earlier one's, may have raised a softirq */
	if (!in_interrupt() && choose(2))
		__do_softirq();
}
