/* klp_sched.c - a running task changes its own patch state.
 *
 * Models: __klp_sched_try_switch, and klp_try_switch_task for the current task,
 * of kernel/livepatch/transition.c, as in v6.4, after Linux kernel commit
 * e3ff7c609f39 ("livepatch,sched: Add livepatch task switching to
 * cond_resched()") (in v6.4). Diverges at Linux kernel commit 676e8cf70cb0
 * ("sched,livepatch: Untangle cond_resched() and live-patching") (in v6.16).
 * Leaves out: the look at the stack (the one caller is in no patched function);
 * the static key that turns the call off while no transition runs.
 */
static notrace void klp_try_switch_current(void)
{
	if (current->patch_state == READ_ONCE(klp_target_state))
		return;
	clear_bit(TIF_PATCH_PENDING, &current->thread_flags);
	current->patch_state = klp_target_state;
}

static notrace void __klp_sched_try_switch(void)
{
	if (likely(!klp_patch_pending(current)))
		return;
	preempt_disable();
	if (klp_patch_pending(current)) {
		smp_rmb();	/* the flag before klp_target_state */
		klp_try_switch_current();
	}
	preempt_enable();
}
