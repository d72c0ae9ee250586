/* transition_admin.c - CPU 1: the administrator, and the core's own work item.
 *
 * Models: enabled_store of kernel/livepatch/core.c, klp_transition_work_fn of
 * kernel/livepatch/transition.c: klp_mutex lets one of them run at a time, so one
 * context does both in turn, as in v4.12.
 * Leaves out: what may be written to sysfs and is refused.
 */

/* The work item, until it has nothing to do. */
static notrace void finish(void)
{
	while (klp_transition_patch)
		klp_try_complete_transition();
}

/* The same, and once in the middle the administrator changes his mind. */
static notrace void finish_or_reverse(void)
{
	while (klp_transition_patch && choose(2))
		klp_try_complete_transition();
	if (klp_transition_patch) {
		klp_reverse_transition();
		reach(reversed);
	}
	finish();
}

/* The same, and once he has had enough. */
static notrace void finish_or_force(void)
{
	while (klp_transition_patch && choose(2))
		klp_try_complete_transition();
	if (klp_transition_patch) {
		klp_force_transition();
		reach(forced);
	}
	finish();
}

#if ACTION == ACTION_coming
/* The patched module is loaded and unloaded at some time between attempts, or after. */
static notrace void finish_while_object_comes_and_goes(void)
{
	bool reverse = choose(2);

	while (klp_transition_patch && choose(2))
		klp_try_complete_transition();
	load_module();
	while (klp_transition_patch && choose(2))
		klp_try_complete_transition();
	if (reverse && klp_transition_patch)
		klp_reverse_transition();
	while (klp_transition_patch && choose(2))
		klp_try_complete_transition();
	unload_module();
	finish();
}
#endif

__task(ADMIN_CPU) notrace void administrator(void)
{
	struct klp_patch *a = &klp_patches[A], *b = &klp_patches[B];

#if ACTION == ACTION_enable
	klp_enable_patch(a);
	finish();
#elif ACTION == ACTION_disable
	klp_disable_patch(a);
	finish();
	delete_module(a);
#elif ACTION == ACTION_reverse
	klp_enable_patch(a);
	finish_or_reverse();
	delete_module(a);
#elif ACTION == ACTION_coming
	klp_enable_patch(a);
	finish_while_object_comes_and_goes();
	delete_module(a);
#elif ACTION == ACTION_cycle
	klp_enable_patch(a);
	finish();
	klp_disable_patch(a);
	finish_or_reverse();
	delete_module(a);
#elif ACTION == ACTION_stack
	klp_enable_patch(b);
	finish();
	klp_disable_patch(b);
	finish();
	delete_module(b);
#elif ACTION == ACTION_replace || ACTION == ACTION_revert
	klp_enable_patch(b);
	finish_or_reverse();
	delete_module(a);
#elif ACTION == ACTION_force
	klp_disable_patch(a);
	finish_or_force();
	delete_module(a);
#elif ACTION == ACTION_force_replace
	klp_enable_patch(b);
	finish_or_force();
	delete_module(a);
#elif ACTION == ACTION_immediate
	klp_enable_patch(a);
	klp_enable_patch(b);
	finish();
#endif
	reach(done);
}
