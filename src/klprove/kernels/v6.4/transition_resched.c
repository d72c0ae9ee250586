/* transition_resched.c - a thread that never sleeps may be asked to let others run.
 *
 * Models: _cond_resched of kernel/sched/core.c; __klp_sched_try_switch of
 * kernel/livepatch/transition.c after Linux kernel commit e3ff7c609f39
 * ("livepatch,sched: Add livepatch task switching to cond_resched()") (in v6.4);
 * klp_try_switch_task for the task itself, after Linux kernel commit 383439d3d400
 * ("livepatch: Skip task_call_func() for current task") (in v6.4). Diverges at
 * Linux kernel commit 676e8cf70cb0 ("sched,livepatch: Untangle cond_resched() and
 * live-patching") (in v6.16).
 * Leaves out: that another task may run instead: there is none that waits.
 */
static notrace void klp_sched_try_switch(struct task_struct *task)
{
	if (!klp_patch_pending(task))
		return;
	preempt_disable_notrace();	/* klp_reverse_transition() waits for us */
	if (klp_patch_pending(task)) {
		smp_rmb();		/* the flag before klp_target_state */
		if (task->patch_state != klp_target_state)
			klp_check_and_switch_task(task);
	}
	preempt_enable_notrace();
}

static notrace void cond_resched(struct task_struct *task)
{
	klp_sched_try_switch(task);
}
