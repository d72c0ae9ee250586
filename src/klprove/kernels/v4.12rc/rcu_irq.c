/* rcu_irq.c - RCU is told of interrupts.
 *
 * Models: rcu_irq_enter, rcu_irq_exit, rcu_irq_enter_irqson,
 * rcu_irq_exit_irqson, rcu_is_cpu_rrupt_from_idle, rcu_irq_enter_disabled of
 * kernel/rcu/tree.c, as in v4.12. Diverges at Linux kernel commit 28585a832602
 * ("rcu: Allow for page faults in NMI handlers") (in v4.14): both then return
 * at once inside NMI-like code.
 * Leaves out: tracepoints, sysidle, lockdep's check that interrupts are off.
 */

/* Interrupts are off; nobody looks whether this may be an NMI. */
static void rcu_irq_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval = rdtp->dynticks_nesting;

	rdtp->dynticks_nesting = oldval + 1;
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval + 1 == 0);
	if (!oldval)
		rcu_eqs_exit_common(oldval, true);
}

static void rcu_irq_exit(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval = rdtp->dynticks_nesting;

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 1);
	if (oldval <= 1)
		rcu_eqs_enter_common(true);
	else
		rdtp->dynticks_nesting = oldval - 1;
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
	return this_cpu(rcu_dynticks).dynticks_nesting <= 1;
}

/* "Do not call rcu_irq_enter() now": the idle loop is just changing state. */
static notrace bool rcu_irq_enter_disabled(void)
{
	return this_cpu_read(disable_rcu_irq_enter);
}
