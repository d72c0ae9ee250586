/* Mutant: a module may go although a transition was forced. */
static notrace void klp_force_transition(void)
{
	struct task_struct *task;

	lock_tasklist();
	for_each_task(task)
		klp_update_patch_state(task);
	unlock_tasklist();
}
