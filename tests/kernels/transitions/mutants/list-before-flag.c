/* Mutant: the new function is on the list before it says that a transition is
 * under way: what a missing barrier in klp_enable_patch() would let a CPU see. */
static notrace void klp_enable_patch(struct klp_patch *patch)
{
	patch->mod.refcnt++;
	klp_patch_func(patch->func);
	klp_init_transition(patch, KLP_PATCHED);
	klp_start_transition();
	patch->enabled = true;
	klp_try_complete_transition();
}
