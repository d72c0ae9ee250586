/* entry.c - RCU on the way into and out of an interrupt.
 *
 * Models: idtentry_enter_cond_rcu, idtentry_exit_cond_rcu of
 * arch/x86/entry/common.c, as in v5.8, after Linux kernel commit 0bf3924bfabd
 * ("x86/entry: Force rcu_irq_enter() when in idle task") (in v5.8): an interrupt
 * of the idle task tells RCU always, one of another task never.
 * Leaves out: lockdep and the tracing of the interrupt flag; entry from user
 * mode; the check of NO_HZ_FULL's tick; preemption on the way out; faults of
 * kernel code (page faults and the like have the same hook as interrupts: in
 * ordinary tasks it does nothing, and the idle task does not fault).
 */

static noinstr bool idtentry_enter_cond_rcu(struct pt_regs *regs)
{
	if (is_idle_task(current)) {
		rcu_irq_enter();
		return true;
	}
	return false;
}

static noinstr void idtentry_exit_cond_rcu(struct pt_regs *regs, bool rcu_exit)
{
	if (rcu_exit)
		rcu_irq_exit();
}
