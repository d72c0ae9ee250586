/* Not a mutant but a fix: the .cold part of the version that is to be left is looked
 * for as well, as the series 20211210124449.21537-1-mbenes@suse.cz wanted it. */
static notrace bool klp_check_stack_func(struct klp_func *func, const char *address)
{
	const char *start;

	if (klp_target_state == KLP_UNPATCHED)
		start = func->new_func;
	else if (list_is_singular(&klp_ops.func_stack))
		start = &old_text;
	else
		start = list_entry_rcu(func->stack_node.next, struct klp_func,
				       stack_node)->new_func;
	return address == start || address == cold_part(start);
}
