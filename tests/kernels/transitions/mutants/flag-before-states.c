/* Mutant: func->transition is set before tasks have a state: what a missing
 * barrier in klp_init_transition() would let another CPU see. */
static notrace void klp_init_transition(struct klp_patch *patch, int state)
{
	struct task_struct *task;

	transition_begins();
	klp_transition_patch = patch;
	klp_target_state = state;
	patch->func->transition = true;
	lock_tasklist();
	for_each_task(task)
		task->patch_state = !state;
	unlock_tasklist();
}
