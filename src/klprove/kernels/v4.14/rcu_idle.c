/* rcu_idle.c - RCU goes off in the idle loop and comes back.
 *
 * Models: rcu_eqs_enter_common, rcu_eqs_enter, rcu_idle_enter,
 * rcu_eqs_exit_common, rcu_eqs_exit, rcu_idle_exit of kernel/rcu/tree.c, as in
 * v4.14: disable_rcu_irq_enter is raised on the way out of idle as well, and
 * rcu_idle_enter leaves the interrupt flag alone. Diverges at Linux kernel
 * commit 58721f5da4bc ("rcu: Define rcu_irq_{enter,exit}() in terms of
 * rcu_nmi_{enter,exit}()") (in v4.16).
 * Leaves out: as in v4.12.
 */

/* user: this is not the idle task itself. Interrupts are off. */
static void rcu_eqs_enter_common(bool user)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);

	__this_cpu_inc(disable_rcu_irq_enter);
	rdtp->dynticks_nesting = 0;	/* a crowbar: whatever it was */
	rcu_dynticks_eqs_enter();
	__this_cpu_dec(disable_rcu_irq_enter);
	rcu_dynticks_task_enter();
}

static void rcu_eqs_enter(bool user)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval = rdtp->dynticks_nesting;

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && !(oldval & DYNTICK_TASK_NEST_MASK));
	if ((oldval & DYNTICK_TASK_NEST_MASK) == DYNTICK_TASK_NEST_VALUE)
		rcu_eqs_enter_common(user);
	else
		rdtp->dynticks_nesting = oldval - DYNTICK_TASK_NEST_VALUE;
}

/* The idle loop has turned interrupts off. */
static void rcu_idle_enter(void)
{
	rcu_eqs_enter(false);
}

static void rcu_eqs_exit_common(s64 oldval, bool user)
{
	rcu_dynticks_task_exit();
	rcu_dynticks_eqs_exit();
}

static void rcu_eqs_exit(bool user)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval = rdtp->dynticks_nesting;

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 0);
	if (oldval & DYNTICK_TASK_NEST_MASK) {
		rdtp->dynticks_nesting = oldval + DYNTICK_TASK_NEST_VALUE;
	} else {
		__this_cpu_inc(disable_rcu_irq_enter);
		rdtp->dynticks_nesting = DYNTICK_TASK_EXIT_IDLE;
		rcu_eqs_exit_common(oldval, user);
		__this_cpu_dec(disable_rcu_irq_enter);
	}
}

static void rcu_idle_exit(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rcu_eqs_exit(false);
	local_irq_restore(flags);
}
