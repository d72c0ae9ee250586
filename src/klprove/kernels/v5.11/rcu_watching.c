/* rcu_watching.c - does RCU watch this CPU?
 *
 * Models: rcu_is_watching of kernel/rcu/tree.c, as in v5.11, after Linux kernel
 * commit d2098b444098 ("rcu,ftrace: Fix ftrace recursion") (in v5.11): ftrace and
 * its callbacks may ask.
 * Leaves out: nothing.
 */
static notrace bool rcu_is_watching(void)
{
	bool ret;

	preempt_disable_notrace();
	ret = !rcu_dynticks_curr_cpu_in_eqs();
	preempt_enable_notrace();
	return ret;
}
