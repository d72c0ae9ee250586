/* rcu_watching.c - does RCU watch this CPU?
 *
 * Models: rcu_is_watching of kernel/rcu/tree.c, as in v6.12.
 * Leaves out: nothing.
 */
static notrace bool rcu_is_watching(void)
{
	bool ret;

	preempt_disable_notrace();
	ret = rcu_is_watching_curr_cpu();
	preempt_enable_notrace();
	return ret;
}
