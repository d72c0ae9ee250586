/* rcu_idle.c - RCU goes off in the idle loop and comes back.
 *
 * Models: rcu_eqs_enter, rcu_idle_enter, rcu_eqs_exit, rcu_idle_exit of
 * kernel/rcu/tree.c, as in v4.16 (the functions called *_common are folded into
 * their callers).
 * Leaves out: as in v4.12.
 */

/* user: this is not the idle task itself. Interrupts are off. */
static void rcu_eqs_enter(bool user)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	long nesting;

	WRITE_ONCE(rdtp->dynticks_nmi_nesting, 0);
	nesting = rdtp->dynticks_nesting;
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && nesting == 0);
	if (nesting != 1) {
		rdtp->dynticks_nesting = nesting - 1;
		return;
	}
	WRITE_ONCE(rdtp->dynticks_nesting, 0);
	rcu_dynticks_eqs_enter();
	rcu_dynticks_task_enter();
}

/* The idle loop has turned interrupts off. */
static void rcu_idle_enter(void)
{
	rcu_eqs_enter(false);
}

/* RCU watches before the words say so: what interrupts in between still counts
 * from the idle values, and leaves them. */
static void rcu_eqs_exit(bool user)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	long nesting = rdtp->dynticks_nesting;

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && nesting < 0);
	if (nesting) {
		rdtp->dynticks_nesting = nesting + 1;
		return;
	}
	rcu_dynticks_task_exit();
	rcu_dynticks_eqs_exit();
	WRITE_ONCE(rdtp->dynticks_nesting, 1);
	WRITE_ONCE(rdtp->dynticks_nmi_nesting, DYNTICK_IRQ_NONIDLE);
}

static void rcu_idle_exit(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rcu_eqs_exit(false);
	local_irq_restore(flags);
}
