/* transition_actions.c - a patch is enabled, disabled, and its module unloaded.
 *
 * Models: __klp_enable_patch, __klp_disable_patch of kernel/livepatch/core.c;
 * delete_module, free_module of kernel/module.c, as in v4.12.
 * Leaves out: several objects, callbacks, failure; that a patch may only be disabled
 * before those below it (the actions keep that order).
 */
static notrace void klp_enable_patch(struct klp_patch *patch)
{
	patch->mod.refcnt++;		/* try_module_get() */
	klp_init_transition(patch, KLP_PATCHED);
	smp_wmb();	/* func->transition before the list; with the handler's 1st rmb */
	if (object_loaded)
		klp_patch_func(patch->func);
	klp_start_transition();
	patch->enabled = true;
	klp_try_complete_transition();
}

static notrace void klp_disable_patch(struct klp_patch *patch)
{
	klp_init_transition(patch, KLP_UNPATCHED);
	smp_wmb();	/* func->transition before TIF_PATCH_PENDING */
	klp_start_transition();
	patch->enabled = false;
	klp_try_complete_transition();
}

/* rmmod: refused while somebody needs the module. */
static notrace void delete_module(struct klp_patch *patch)
{
	if (READ_ONCE(patch->mod.refcnt))
		return;
	schedule_on_each_cpu();		/* synchronize_sched() in free_module() */
	kfree(patch->func->new_func);
	kfree(patch->func);
	reach(module_gone);
}
