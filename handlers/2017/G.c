/* G.c - no RCU at all: preemption off, and the updater runs a work item on
 * every CPU.
 *
 * From: Linux kernel commit 842c08846420 ("livepatch: Fix stacking of patches with
 * respect to RCU") (in v4.12), the form that was merged.
 * Idea: a worker thread cannot run on a CPU before the handler there is done,
 * whatever RCU thinks of that CPU.
 */
static notrace void klp_synchronize_transition(void)
{
	schedule_on_each_cpu();
}

/* What this wait waits for: whatever cannot be switched out. */
__ghost static bool klp_updater_waits(void)
{
	return this_cpu(__preempt_count) != 0 || irqs_disabled();
}

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int patch_state;

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

	klp_arch_set_pc(regs, (unsigned long)func->new_func);
unlock:
	preempt_enable_notrace();
}
