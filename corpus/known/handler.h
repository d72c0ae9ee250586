/* handler.h - what every handler of K03 to K06 has in common: it finds the
 * version that the interrupted task is to run.
 *
 * Models: the middle of klp_ftrace_handler of kernel/livepatch/patch.c, as in
 * v4.12; what stands around it, and protects it, is the model's own.
 * Leaves out: nothing.
 */
static inline notrace void klp_redirect(struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;

	func = list_first_or_null_rcu(&ops->func_stack, struct klp_func, stack_node);
	if (WARN_ON_ONCE(!func))
		return;
	smp_rmb();
	if (unlikely(func->transition)) {
		smp_rmb();
		if (current->patch_state == KLP_UNPATCHED) {
			func = list_entry_rcu(func->stack_node.next, struct klp_func, stack_node);
			if (&func->stack_node == &ops->func_stack)
				return;
		}
	}
	klp_arch_set_pc(regs, (unsigned long)func->new_func);
}
