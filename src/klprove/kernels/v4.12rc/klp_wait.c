/* klp_wait.c - how the updater waits for handlers that may hold an entry.
 *
 * Models: the synchronize_rcu() calls of klp_complete_transition and
 * klp_reverse_transition, as in v4.12-rc; diverges at Linux kernel commit
 * 842c08846420 ("livepatch: Fix stacking of patches with respect to RCU") (in
 * v4.12), which gave the wait its name and another primitive.
 * Leaves out: nothing.
 */
static notrace void klp_synchronize_transition(void)
{
	synchronize_rcu();
}

/* Preemptible RCU waits for this CPU while RCU watches it and either a reader
 * is under way (also one that is just leaving: its count is negative and blocks
 * the tick's report as well) or interrupts are off: then no tick and no switch
 * of tasks can report for it. */
__ghost static bool klp_updater_waits(void)
{
	return watching() && (current->rcu_read_lock_nesting != 0 || irqs_disabled());
}
