/* Mutant: tasks are told to switch before func->transition is set: what a missing
 * barrier in klp_disable_patch() would let another CPU see. */
static notrace void klp_disable_patch(struct klp_patch *patch)
{
	struct task_struct *task;

	transition_begins();
	klp_transition_patch = patch;
	klp_target_state = KLP_UNPATCHED;
	lock_tasklist();
	for_each_task(task)
		task->patch_state = KLP_PATCHED;
	unlock_tasklist();
	klp_start_transition();
	patch->func->transition = true;
	patch->enabled = false;
	klp_try_complete_transition();
}
