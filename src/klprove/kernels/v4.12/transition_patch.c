/* transition_patch.c - a function goes on and off the stack of its versions.
 *
 * Models: klp_patch_func, klp_unpatch_func of kernel/livepatch/patch.c;
 * register_ftrace_function, unregister_ftrace_function with ftrace_shutdown of
 * kernel/trace/ftrace.c, as in v4.12.
 * Leaves out: filters, failure, ops that are allocated and freed, the way in
 * which the text of a call site is rewritten (here in one step).
 */
static notrace void schedule_on_each_cpu(void);

static inline notrace bool list_is_singular(struct list_head *head)
{
	return head->next != head && head->next == head->prev;
}

static notrace void klp_patch_func(struct klp_func *func)
{
	bool first = READ_ONCE(klp_ops.func_stack.next) == &klp_ops.func_stack;

	list_add_rcu(&func->stack_node, &klp_ops.func_stack);
	if (first)
		klp_ops.fops.registered = true;
	func->patched = true;
}

static notrace void klp_unpatch_func(struct klp_func *func)
{
	if (list_is_singular(&klp_ops.func_stack)) {
		klp_ops.fops.registered = false;
		schedule_on_each_cpu();		/* ftrace_sync */
	}
	list_del_rcu(&func->stack_node);
	func->patched = false;
}
