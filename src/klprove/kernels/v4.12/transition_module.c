/* transition_module.c - the patched function is a module's, which comes and goes.
 *
 * Models: klp_module_coming, klp_module_going with
 * klp_cleanup_module_patches_limited of kernel/livepatch/core.c;
 * prepare_coming_module, do_init_module, try_stop_module, free_module,
 * try_module_get of kernel/module.c, as in v4.12.
 * Leaves out: notifiers, relocations, failure; loading and unloading while the
 * core holds klp_mutex (the administrator's context does it between two
 * attempts); a second coming.
 */
#if ACTION == ACTION_coming
static atomic_t object_refcnt;		/* 0: nobody may call it */

static notrace bool get_object(void)
{
	return atomic_inc_not_zero(&object_refcnt);
}

static notrace void put_object(void)
{
	atomic_dec(&object_refcnt);
}

static notrace void klp_module_coming(void)
{
	struct klp_patch *patch = &klp_patches[A];

	object_loaded = true;
	if (patch->enabled || patch == klp_transition_patch)
		klp_patch_func(patch->func);
}

static notrace void klp_module_going(void)
{
	struct klp_patch *patch = &klp_patches[A];

	if (patch->func->patched)
		klp_unpatch_func(patch->func);
	object_loaded = false;
}

static notrace void load_module(void)
{
	klp_module_coming();
	atomic_set(&object_refcnt, 1);	/* live */
	reach(loaded);
}

static notrace void unload_module(void)
{
	if (atomic_cmpxchg(&object_refcnt, 1, 0) != 1)
		return;			/* somebody needs it */
	klp_module_going();
	schedule_on_each_cpu();		/* synchronize_sched() in free_module() */
	kfree(&old_text);
	reach(unloaded);
}
#else
static inline notrace bool get_object(void)
{
	return true;
}

static inline notrace void put_object(void)
{
}
#endif
