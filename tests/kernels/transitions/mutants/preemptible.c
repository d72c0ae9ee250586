/* Mutant: a handler that can be preempted, so that no work item waits for it. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;

	preempt_enable_notrace();
	func = list_first_or_null_rcu(&ops->func_stack, struct klp_func, stack_node);
	if (WARN_ON_ONCE(!func))
		goto unlock;
	if (func->transition && current->patch_state == KLP_UNPATCHED) {
		func = list_entry_rcu(func->stack_node.next, struct klp_func, stack_node);
		if (&func->stack_node == &ops->func_stack)
			goto unlock;
	}
	klp_arch_set_pc(regs, (unsigned long)func->new_func);
unlock:
	preempt_disable_notrace();
}
