/* 09.c - handler B, with rcu_irq_enter() saying when it is half done: does a
 * handler in an exception there read unprotected?
 */
static __percpu int half_done;

__ghost static void half_done_irq_enter(int count)
{
	this_cpu(half_done) += count;
}

__ghost static void say_if_unprotected(void)
{
	if (this_cpu(half_done) && !klp_updater_waits())
		finding("unprotected-inside-rcu-irq-enter");
}

static void rcu_irq_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval = rdtp->dynticks_nesting;

	rdtp->dynticks_nesting = oldval + 1;
	half_done_irq_enter(1);
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval + 1 == 0);
	if (!oldval)
		rcu_eqs_exit_common(oldval, true);
	half_done_irq_enter(-1);
}

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int patch_state;

	rcu_irq_enter_irqson();
	rcu_read_lock();
	say_if_unprotected();

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
	rcu_read_unlock();
	rcu_irq_exit_irqson();
}
