/* Mutant: the patch that comes is marked as forced, not the one that it replaces. */
static notrace void klp_force_transition(void)
{
	struct task_struct *task;

	lock_tasklist();
	for_each_task(task)
		klp_update_patch_state(task);
	unlock_tasklist();
	klp_transition_patch->forced = true;
}
