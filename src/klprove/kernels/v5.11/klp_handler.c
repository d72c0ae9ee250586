/* klp_handler.c - the handler of this generation.
 *
 * Models: klp_ftrace_handler of kernel/livepatch/patch.c, as in v5.11, after
 * Linux kernel commit 13f3ea9a2c82 ("livepatch/ftrace: Add recursion protection
 * to the ftrace callback") (in v5.11) and Linux kernel commit 4b750b573c5b
 * ("livepatch: Trigger WARNING if livepatch function fails due to recursion")
 * (in v5.11): it guards itself, and says when it has to give up.
 * Leaves out: nothing.
 */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct ftrace_regs *fregs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct pt_regs *regs = ftrace_get_regs(fregs);
	struct klp_func *func;
	int patch_state;
	int bit;

	bit = ftrace_test_recursion_trylock(ip, parent_ip);
	if (WARN_ON_ONCE(bit < 0))
		return;
	/* for the updater's wait, which is for what cannot be switched out */
	preempt_disable_notrace();

	func = list_first_or_null_rcu(&ops->func_stack, struct klp_func, stack_node);
	if (WARN_ON_ONCE(!func))
		goto unlock;

	/* the entry before its transition flag; pairs with enabling a patch */
	smp_rmb();

	if (unlikely(func->transition)) {
		/* the flag before this task's state; with klp_init_transition() */
		smp_rmb();
		patch_state = current->patch_state;
		WARN_ON_ONCE(patch_state == KLP_UNDEFINED);

		if (patch_state == KLP_UNPATCHED) {
			/* the previous patch's version, or else the original */
			func = list_entry_rcu(func->stack_node.next,
					      struct klp_func, stack_node);
			if (&func->stack_node == &ops->func_stack)
				goto unlock;
		}
	}

	/* of a replacing patch: go on with the original */
	if (func->nop)
		goto unlock;

	klp_arch_set_pc(regs, (unsigned long)func->new_func);
unlock:
	preempt_enable_notrace();
	ftrace_test_recursion_unlock(bit);
}
