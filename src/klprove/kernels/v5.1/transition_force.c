/* transition_force.c - the administrator does not wait any longer.
 *
 * Models: klp_force_transition of kernel/livepatch/transition.c after Linux
 * kernel commit 68007289bf3c ("livepatch: Don't block the removal of patches
 * loaded after a forced transition") (in v5.1). Diverges at Linux kernel commit
 * 2957308343fa ("livepatch: Don't block removal of patches that are safe to
 * unload") (in v5.18).
 * Leaves out: messages. (The first of these ids is from memory.)
 */
static notrace void klp_force_transition(void)
{
	struct task_struct *task;
	int patch;

	lock_tasklist();
	for_each_task(task)
		klp_update_patch_state(task);
	unlock_tasklist();
	for (patch = A; patch <= B; patch++)	/* every patch that there is */
		if (klp_patches[patch].mod.refcnt)
			klp_patches[patch].forced = true;
}
