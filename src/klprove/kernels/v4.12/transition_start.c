/* transition_start.c - a transition begins.
 *
 * Models: klp_init_transition, klp_start_transition of
 * kernel/livepatch/transition.c, as in v4.12.
 * Leaves out: the tasklist lock where nobody forks or exits; messages.
 */
static inline notrace bool klp_patch_pending(struct task_struct *task)
{
	return test_bit(TIF_PATCH_PENDING, &task->thread_flags);
}

static notrace void klp_init_transition(struct klp_patch *patch, int state)
{
	struct task_struct *task;

	WARN_ON_ONCE(klp_target_state != KLP_UNDEFINED);
	transition_begins();
	klp_transition_patch = patch;
	klp_target_state = state;
	if (patch->immediate)
		return;
	lock_tasklist();
	for_each_task(task) {
		WARN_ON_ONCE(task->patch_state != KLP_UNDEFINED);
		task->patch_state = !state;
	}
	unlock_tasklist();
	smp_wmb();	/* states before func->transition; with the handler's 2nd rmb */
	patch->func->transition = true;
}

static notrace void klp_start_transition(void)
{
	struct task_struct *task;

	WARN_ON_ONCE(klp_target_state == KLP_UNDEFINED);
	if (klp_transition_patch->immediate)
		return;
	lock_tasklist();
	for_each_task(task)
		if (task->patch_state != klp_target_state)
			set_bit(TIF_PATCH_PENDING, &task->thread_flags);
	unlock_tasklist();
}
