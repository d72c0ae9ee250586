/* klp_wait.c - how the updater waits for handlers that may hold an entry.
 *
 * Models: klp_synchronize_transition of kernel/livepatch/transition.c, new with
 * Linux kernel commit 842c08846420 ("livepatch: Fix stacking of patches with
 * respect to RCU") (in v4.12).
 * Leaves out: nothing.
 */
static notrace void klp_synchronize_transition(void)
{
	schedule_on_each_cpu();
}

/* A worker thread runs on this CPU only when what runs now is switched out, and
 * neither code with preemption off nor code with interrupts off can be. */
__ghost static bool klp_updater_waits(void)
{
	return this_cpu(__preempt_count) != 0 || irqs_disabled();
}
