/* transition_free.c - what becomes of a patch when its transition is over.
 *
 * Models: module_put of kernel/module.c; v4.12 does it within
 * klp_complete_transition, and frees nothing later. Diverges at Linux kernel
 * commit 958ef1e39d24 ("livepatch: Simplify API by removing registration step")
 * (in v5.1).
 * Leaves out: kobjects and their completion.
 */
static notrace void module_put(struct module *mod)
{
	mod->refcnt--;
}

static notrace void klp_free_patches(struct klp_patch *patch)
{
}
