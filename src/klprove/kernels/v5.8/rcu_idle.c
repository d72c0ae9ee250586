/* rcu_idle.c - RCU goes off in the idle loop and comes back.
 *
 * Models: rcu_eqs_enter, rcu_idle_enter, rcu_eqs_exit, rcu_idle_exit of
 * kernel/rcu/tree.c, as in v5.8, after Linux kernel commit ff5c4f5cad33
 * ("rcu/tree: Mark the idle relevant functions noinstr") (in v5.8): the two that
 * the idle loop calls can still be patched.
 * Leaves out: as in v4.12; deferred quiescent states.
 */

/* user: this is not the idle task itself. Interrupts are off. */
static noinstr void rcu_eqs_enter(bool user)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	long nesting;

	WARN_ON_ONCE(rdp->dynticks_nmi_nesting != DYNTICK_IRQ_NONIDLE);
	WRITE_ONCE(rdp->dynticks_nmi_nesting, 0);
	nesting = rdp->dynticks_nesting;
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && nesting == 0);
	if (nesting != 1) {
		rdp->dynticks_nesting = nesting - 1;
		return;
	}
	WRITE_ONCE(rdp->dynticks_nesting, 0);
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
static noinstr void rcu_eqs_exit(bool user)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	long oldval = rdp->dynticks_nesting;

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 0);
	if (oldval) {
		rdp->dynticks_nesting = oldval + 1;
		return;
	}
	rcu_dynticks_task_exit();
	rcu_dynticks_eqs_exit();
	WRITE_ONCE(rdp->dynticks_nesting, 1);
	WARN_ON_ONCE(rdp->dynticks_nmi_nesting);
	WRITE_ONCE(rdp->dynticks_nmi_nesting, DYNTICK_IRQ_NONIDLE);
}

static void rcu_idle_exit(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rcu_eqs_exit(false);
	local_irq_restore(flags);
}
