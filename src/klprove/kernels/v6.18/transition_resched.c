/* transition_resched.c - a thread that goes to sleep may switch itself.
 *
 * Models: klp_sched_try_switch, __klp_sched_try_switch of
 * kernel/livepatch/transition.c after Linux kernel commit 676e8cf70cb0
 * ("sched,livepatch: Untangle cond_resched() and live-patching") (in v6.16): called
 * from __schedule; cond_resched() has nothing to do with livepatches any more.
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
}
