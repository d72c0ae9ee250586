/* Mutant for v6.4 and later: the target is turned round first, as before v6.4. */
static notrace void klp_reverse_transition(void)
{
	struct task_struct *task;

	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	lock_tasklist();
	for_each_task(task)
		clear_bit(TIF_PATCH_PENDING, &task->thread_flags);
	unlock_tasklist();
	klp_synchronize_transition();
	klp_start_transition();
}
