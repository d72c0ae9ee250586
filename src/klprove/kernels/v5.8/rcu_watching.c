/* rcu_watching.c - does RCU watch this CPU?
 *
 * Models: __rcu_is_watching, rcu_is_watching of kernel/rcu/tree.c, as in v5.8:
 * the second lost its notrace. It has it back by Linux kernel commit
 * d2098b444098 ("rcu,ftrace: Fix ftrace recursion") (in v5.11).
 * Leaves out: nothing.
 */
static noinstr bool __rcu_is_watching(void)
{
	return !rcu_dynticks_curr_cpu_in_eqs();
}

/* A callback of ftrace that asks this is called again by its first step. */
static bool rcu_is_watching(void)
{
	bool ret;

	preempt_disable_notrace();
	ret = !rcu_dynticks_curr_cpu_in_eqs();
	preempt_enable_notrace();
	return ret;
}
