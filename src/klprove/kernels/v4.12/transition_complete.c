/* transition_complete.c - everybody has been switched.
 *
 * Models: klp_complete_transition of kernel/livepatch/transition.c, as in v4.12.
 * Diverges at Linux kernel commit d0807da78e11 ("livepatch: Remove immediate
 * feature") (in v4.16).
 * Leaves out: objects and callbacks.
 */

/* What the handler chooses from now on. */
__ghost static const char *universe_after(struct klp_patch *patch, int target)
{
	struct list_head *below = patch->func->stack_node.next;

	if (target == KLP_PATCHED)
		return patch->func->new_func;
	if (below == &klp_ops.func_stack)
		return &old_text;
	return container_of(below, struct klp_func, stack_node)->new_func;
}

static notrace void klp_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	struct task_struct *task;

	transition_ends(universe_after(patch, klp_target_state));
	if (klp_target_state == KLP_UNPATCHED) {
		if (patch->func->patched)
			klp_unpatch_func(patch->func);
		klp_synchronize_transition();	/* no handler holds the entry now */
	}
	if (!patch->immediate) {
		patch->func->transition = false;
		if (klp_target_state == KLP_UNPATCHED && !patch->func->immediate)
			module_put(&patch->mod);
		if (klp_target_state == KLP_PATCHED)
			klp_synchronize_transition();	/* none will look at patch_state */
		lock_tasklist();
		for_each_task(task) {
			WARN_ON_ONCE(klp_patch_pending(task));
			task->patch_state = KLP_UNDEFINED;
		}
		unlock_tasklist();
	}
	klp_target_state = KLP_UNDEFINED;
	klp_transition_patch = NULL;
}
