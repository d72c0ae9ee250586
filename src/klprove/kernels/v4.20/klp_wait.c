/* klp_wait.c - how the updater waits for handlers that may hold an entry.
 *
 * Models: klp_synchronize_transition of kernel/livepatch/transition.c, as in
 * v4.20. The wait is v4.12's; what differs is whom synchronize_rcu() waits for,
 * after Linux kernel commit 3e3100989869 ("rcu: Defer reporting RCU-preempt
 * quiescent states when disabled") (in v4.20), title from memory.
 * Leaves out: nothing.
 */
static notrace void klp_synchronize_transition(void)
{
	if (KLP_WAIT_RCU)
		synchronize_rcu();
	else
		schedule_on_each_cpu();
}

/* Would that wait for what this CPU does right now? grace_period.c says what
 * reports for a CPU; with interrupts off neither tick nor switch can come. */
__ghost static bool klp_updater_waits(void)
{
	if (KLP_WAIT_RCU)
		return watching()
		       && (!CONFIG_PREEMPT || current->rcu_read_lock_nesting != 0
			   || irqs_disabled()
			   || (this_cpu(__preempt_count) & (PREEMPT_MASK | SOFTIRQ_MASK)));
	return this_cpu(__preempt_count) != 0 || irqs_disabled();
}
