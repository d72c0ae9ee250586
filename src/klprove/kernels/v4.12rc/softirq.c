/* softirq.c - what every interrupt does around its body.
 *
 * Models: irq_enter, irq_exit, __do_softirq, local_bh_disable,
 * _local_bh_enable of kernel/softirq.c, as in v4.12 (the same up to v5.7).
 * Leaves out: time accounting, lockdep, ksoftirqd and the restart of the
 * softirq loop, tick_irq_exit; what tick_irq_enter does (jiffies).
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

static void irq_enter(void)
{
	rcu_irq_enter();
	if (is_idle_task(current) && !in_interrupt()) {
		/* tick_irq_enter() must not raise and run a softirq here */
		preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
		preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
	}
	preempt_count_add(HARDIRQ_OFFSET);
}

static void irq_exit(void)
{
	preempt_count_sub(HARDIRQ_OFFSET);
	/* any body, this one's or an earlier one's, may have raised a softirq */
	if (!in_interrupt() && choose(2))
		__do_softirq();
	rcu_irq_exit();
}
