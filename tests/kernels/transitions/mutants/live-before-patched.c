/* Mutant: a module can be called before livepatch has heard of it. */
static notrace void load_module(void)
{
	atomic_set(&object_refcnt, 1);
	klp_module_coming();
	reach(loaded);
}
