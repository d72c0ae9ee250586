/* transition_force.c - the administrator does not wait any longer.
 *
 * Models: klp_force_transition of kernel/livepatch/transition.c after Linux
 * kernel commit 2957308343fa ("livepatch: Don't block removal of patches that are
 * safe to unload") (in v5.18).
 * Leaves out: messages.
 */
static notrace void klp_force_transition(void)
{
	struct task_struct *task;

	lock_tasklist();
	for_each_task(task)
		klp_update_patch_state(task);
	unlock_tasklist();
	if (klp_target_state == KLP_UNPATCHED)
		klp_transition_patch->forced = true;
	else if (klp_transition_patch->replace)
		klp_patches[A].forced = true;	/* what is replaced */
}
