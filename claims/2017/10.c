/* 10.c - handler B, with nmi_enter() saying when preempt_count does not show
 * the NMI yet: does a handler in an exception there read unprotected? With
 * -DAT_REST=1 only NMIs count that found RCU's words in agreement, that is,
 * that did not interrupt a change of them.
 */
#ifndef AT_REST
#define AT_REST 0
#endif

static __percpu int early;

__ghost static bool rcu_at_rest(void)
{
	return !this_cpu(disable_rcu_irq_enter)
	       && !this_cpu(rcu_dynticks).dynticks_nmi_nesting
	       && watching() == (this_cpu(rcu_dynticks).dynticks_nesting != 0);
}

__ghost static void early_in_nmi(int begins)
{
	if (begins > 0)
		this_cpu(early) = !AT_REST || rcu_at_rest();
	else
		this_cpu(early) = 0;
}

__ghost static void say_if_unprotected(void)
{
	if (this_cpu(early) && !klp_updater_waits())
		finding("unprotected-early-in-nmi");
}

static __always_inline notrace void nmi_enter(void)
{
	early_in_nmi(1);
	printk_nmi_enter();
	BUG_ON(in_nmi());
	preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	early_in_nmi(-1);
	rcu_nmi_enter();
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
