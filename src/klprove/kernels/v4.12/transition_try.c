/* transition_try.c - an attempt to finish.
 *
 * Models: klp_try_complete_transition, klp_transition_work_fn of
 * kernel/livepatch/transition.c, as in v4.12.
 * Leaves out: the delay between two attempts; offline CPUs; the count of
 * attempts between two rounds of signals (any attempt may be the one).
 */
static notrace void klp_try_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	struct task_struct *task;
	bool complete = true;

	WARN_ON_ONCE(klp_target_state == KLP_UNDEFINED);
	if (!patch->immediate) {
		lock_tasklist();
		for_each_task(task)
			if (!klp_try_switch_task(task)) {
				complete = false;
				klp_kick_idle(task);
			}
		unlock_tasklist();
	}
	if (!complete) {
		klp_send_signals();
		return;
	}
	klp_complete_transition();
	klp_free_patches(patch);
}
