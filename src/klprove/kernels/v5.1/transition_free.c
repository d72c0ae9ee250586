/* transition_free.c - what becomes of a patch when its transition is over.
 *
 * Models: klp_free_patch_async with klp_free_patch_start and
 * klp_free_patch_finish, klp_free_replaced_patches_async of
 * kernel/livepatch/core.c (their names as in v5.7) after Linux kernel commit
 * 958ef1e39d24 ("livepatch: Simplify API by removing registration step") (in
 * v5.1).
 * Leaves out: kobjects and their completion; the work item: nothing else happens
 * to a patch in between.
 */
static notrace void module_put(struct module *mod)
{
	mod->refcnt--;
}

static notrace void klp_free_patch(struct klp_patch *patch)
{
	if (patch->func->nop)
		kfree(patch->func);
	if (!patch->forced)
		module_put(&patch->mod);
}

static notrace void klp_free_patches(struct klp_patch *patch)
{
	if (!patch->enabled)
		klp_free_patch(patch);
	else if (patch->replace)
		klp_free_patch(&klp_patches[A]);
}
