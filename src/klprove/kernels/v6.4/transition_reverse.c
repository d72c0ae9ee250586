/* transition_reverse.c - the administrator has thought better of it.
 *
 * Models: klp_reverse_transition of kernel/livepatch/transition.c after Linux
 * kernel commit e3ff7c609f39 ("livepatch,sched: Add livepatch task switching to
 * cond_resched()") (in v6.4): the target stays what it is until nobody looks.
 * Leaves out: messages.
 */
static notrace void klp_reverse_transition(void)
{
	struct task_struct *task;

	lock_tasklist();
	for_each_task(task)
		clear_bit(TIF_PATCH_PENDING, &task->thread_flags);
	unlock_tasklist();
	klp_synchronize_transition();	/* whoever saw a flag is done with it */
	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	smp_wmb();			/* the target before the flags */
	klp_start_transition();
}
