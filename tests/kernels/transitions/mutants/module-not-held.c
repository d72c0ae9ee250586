/* Mutant: whoever calls a module's function does not keep the module. */
static notrace bool get_object(void)
{
	return atomic_read(&object_refcnt) != 0;
}

static notrace void put_object(void)
{
}
