/* 24.c - G's handler, with an updater that waits by synchronize_sched().
 */
static notrace void klp_synchronize_transition(void)
{
	synchronize_sched();
}

/* A CPU reports for this flavour when it switches tasks or is seen outside
 * RCU's watch. (The tick reports too where it comes straight from idle, and
 * there RCU is not watching.) */
__ghost static bool klp_updater_waits(void)
{
	return watching() && (this_cpu(__preempt_count) != 0 || irqs_disabled());
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
