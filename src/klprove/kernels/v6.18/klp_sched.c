/* klp_sched.c - a task changes its own patch state when it is switched out.
 *
 * Models: klp_sched_try_switch, __klp_sched_try_switch, and klp_try_switch_task
 * for the current task, of include/linux/livepatch_sched.h and
 * kernel/livepatch/transition.c, as in v6.18, after Linux kernel commit
 * 676e8cf70cb0 ("sched,livepatch: Untangle cond_resched() and live-patching")
 * (in v6.16): the caller has preemption off already.
 * Leaves out: as in v6.4.
 */
static notrace void klp_try_switch_current(void)
{
	if (current->patch_state == READ_ONCE(klp_target_state))
		return;
	clear_bit(TIF_PATCH_PENDING, &current->thread_flags);
	current->patch_state = klp_target_state;
}

static notrace void __klp_sched_try_switch(void)
{
	smp_rmb();	/* the flag before klp_target_state */
	klp_try_switch_current();
}

static notrace void klp_sched_try_switch(struct task_struct *task)
{
	if (unlikely(klp_patch_pending(task)))
		__klp_sched_try_switch();
}
