/* rcu_dynticks.c - the operations on the dynticks counter itself.
 *
 * Models: rcu_dynticks_eqs_enter, rcu_dynticks_eqs_exit, rcu_dynticks_snap,
 * rcu_dynticks_in_eqs, rcu_dynticks_curr_cpu_in_eqs of kernel/rcu/tree.c;
 * rcu_dynticks_task_enter, rcu_dynticks_task_exit of kernel/rcu/tree_plugin.h
 * (CONFIG_TASKS_RCU and CONFIG_NO_HZ_FULL set), as in v5.8, after Linux kernel
 * commit ff5c4f5cad33 ("rcu/tree: Mark the idle relevant functions noinstr") (in
 * v5.8): nothing here can be patched.
 * Leaves out: as in v4.12.
 */

/* Neither looks at the state it starts from: in the wrong one it does the
 * opposite of what it is called. */
static noinstr void rcu_dynticks_eqs_enter(void)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	int seq = atomic_add_return(RCU_DYNTICK_CTRL_CTR, &rdp->dynticks);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & RCU_DYNTICK_CTRL_CTR));
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & RCU_DYNTICK_CTRL_MASK));
}

static noinstr void rcu_dynticks_eqs_exit(void)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);
	int seq = atomic_add_return(RCU_DYNTICK_CTRL_CTR, &rdp->dynticks);

	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && !(seq & RCU_DYNTICK_CTRL_CTR));
	if (seq & RCU_DYNTICK_CTRL_MASK)
		atomic_andnot(RCU_DYNTICK_CTRL_MASK, &rdp->dynticks);
}

/* The grace period's look at a CPU, its own or another: a full barrier. */
static notrace int rcu_dynticks_snap(struct rcu_data *rdp)
{
	return atomic_add_return(0, &rdp->dynticks) & ~RCU_DYNTICK_CTRL_MASK;
}

static notrace bool rcu_dynticks_in_eqs(int snap)
{
	return !(snap & RCU_DYNTICK_CTRL_CTR);
}

static __always_inline noinstr bool rcu_dynticks_curr_cpu_in_eqs(void)
{
	struct rcu_data *rdp = this_cpu_ptr(&rcu_data);

	return !(atomic_read(&rdp->dynticks) & RCU_DYNTICK_CTRL_CTR);
}

static noinstr void rcu_dynticks_task_enter(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, smp_processor_id());
}

static noinstr void rcu_dynticks_task_exit(void)
{
	WRITE_ONCE(current->rcu_tasks_idle_cpu, -1);
}
