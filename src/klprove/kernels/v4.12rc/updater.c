/* updater.c - CPU 1: the newer patch is disabled and its module unloaded.
 *
 * Models: the administrator's echo 0 > enabled and rmmod; delete_module and
 * free_module of kernel/module.c, as in v4.12.
 * Leaves out: the module's states and exit function; the updater's CPU takes
 * no interrupts (it holds nothing that they could disturb).
 */
#if NR_CPUS > 1

static notrace void free_module(struct klp_patch *patch)
{
	char *text = patch->func->new_func;

	synchronize_sched();
	kfree(text);
	kfree(patch->func);
}

__task(UPDATER_CPU) notrace void disable_and_unload(void)
{
	struct klp_patch *patch = &klp_patches[1];

	__klp_disable_patch(patch);
	if (patch->mod.refcnt == 0) {	/* else rmmod says EBUSY */
		free_module(patch);
		reach(patch_unloaded);
	}
}

#endif
