/* Mutant: a handler ignores func->transition, so that tasks have no say. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;

	preempt_disable_notrace();
	func = list_first_or_null_rcu(&ops->func_stack, struct klp_func, stack_node);
	if (!WARN_ON_ONCE(!func) && !func->nop)
		klp_arch_set_pc(regs, (unsigned long)func->new_func);
	preempt_enable_notrace();
}
