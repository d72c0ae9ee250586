/* softirq.c - what every interrupt does around its body, RCU being told already.
 *
 * Models: irq_enter_rcu, irq_exit_rcu, __irq_exit_rcu, __do_softirq of
 * kernel/softirq.c; tick_irq_enter of kernel/time, as in v5.11 and v6.1, after
 * Linux kernel commit d14ce74f1fb3 ("irq: Call tick_irq_enter() inside
 * HARDIRQ_OFFSET") (in v5.11): counted first.
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

/* The first traceable function of an interrupt: at its start not yet counted. */
static void irq_enter_rcu(void)
{
	__preempt_count_add(HARDIRQ_OFFSET);
	if (is_idle_task(current) && irq_count() == HARDIRQ_OFFSET)
		tick_irq_enter();
}

static __always_inline notrace void __irq_exit_rcu(void)
{
	preempt_count_sub(HARDIRQ_OFFSET);
	/* any body, this one's or an earlier one's, may have raised a softirq */
	if (!in_interrupt() && choose(2))
		__do_softirq();
}

static void irq_exit_rcu(void)
{
	__irq_exit_rcu();
}
