/* Mutant: whoever is in klp_update_patch_state() is not waited for. */
static notrace void klp_reverse_transition(void)
{
	struct task_struct *task;

	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	lock_tasklist();
	for_each_task(task)
		clear_bit(TIF_PATCH_PENDING, &task->thread_flags);
	unlock_tasklist();
	klp_start_transition();
}
