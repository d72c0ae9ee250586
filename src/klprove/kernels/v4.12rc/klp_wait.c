/* klp_wait.c - how the updater waits for handlers that may hold an entry.
 *
 * Models: klp_synchronize_transition of kernel/livepatch/transition.c, as Linux
 * kernel commit 842c08846420 ("livepatch: Fix stacking of patches with respect
 * to RCU") (in v4.12) introduced it; before, the calls of synchronize_rcu() in
 * klp_complete_transition and klp_reverse_transition (KLP_WAIT_RCU).
 * Leaves out: nothing.
 */
static notrace void klp_synchronize_transition(void)
{
	if (KLP_WAIT_RCU)
		synchronize_rcu();
	else
		schedule_on_each_cpu();
}

/* Would that wait for what this CPU does right now?
 *
 * Preemptible RCU waits while RCU watches the CPU and either a reader is under
 * way (also one that is just leaving: its count is negative and blocks the
 * tick's report as well) or interrupts are off: then no tick and no switch of
 * tasks can report for it.
 *
 * Without CONFIG_PREEMPT only a switch of tasks or an interrupt that came out of
 * idle reports: RCU waits wherever it watches.
 *
 * A worker thread runs on the CPU only when what runs now is switched out, and
 * neither code with preemption off nor code with interrupts off can be. */
__ghost static bool klp_updater_waits(void)
{
	if (KLP_WAIT_RCU)
		return watching()
		       && (!CONFIG_PREEMPT || current->rcu_read_lock_nesting != 0
			   || irqs_disabled());
	return this_cpu(__preempt_count) != 0 || irqs_disabled();
}
