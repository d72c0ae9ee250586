/* Mutant: tasks are told to switch before the new function can be called. */
static notrace void klp_enable_patch(struct klp_patch *patch)
{
	patch->mod.refcnt++;
	klp_init_transition(patch, KLP_PATCHED);
	klp_start_transition();
	klp_patch_func(patch->func);
	patch->enabled = true;
	klp_try_complete_transition();
}
