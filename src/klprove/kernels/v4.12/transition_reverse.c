/* transition_reverse.c - the administrator has thought better of it.
 *
 * Models: klp_reverse_transition of kernel/livepatch/transition.c, as in v4.12.
 * Diverges at Linux kernel commit e3ff7c609f39 ("livepatch,sched: Add livepatch
 * task switching to cond_resched()") (in v6.4).
 * Leaves out: messages.
 */
static notrace void klp_reverse_transition(void)
{
	struct task_struct *task;

	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	lock_tasklist();
	for_each_task(task)
		clear_bit(TIF_PATCH_PENDING, &task->thread_flags);
	unlock_tasklist();
	klp_synchronize_transition();	/* whoever saw a flag is done with it */
	klp_start_transition();
}
