/* F.c - C with interrupts off inside the calls, then see whether it has worked.
 *
 * From: Josh Poimboeuf, 2017-05-09 12:18 EST, "Re: [PATCH 2/3] livepatch/rcu: Warn
 * when system consistency is broken in RCU code": the mail that this project
 * starts from.
 * Idea: where RCU still does not watch, warn, and never let the patch's module go.
 */
/* Set once, for good: some handler ran where no grace period waits for it. */
static bool klp_block_patch_removal;

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int patch_state;
	bool nmi = in_nmi();

	if (nmi)
		rcu_nmi_enter();	/* in case we are before nmi_enter()'s own */
	else
		rcu_irq_enter_irqson();

	if (unlikely(!rcu_is_watching())) {
		klp_block_patch_removal = true;
		WARN_ON_ONCE(1);
	}

	rcu_read_lock();

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
	if (nmi)
		rcu_nmi_exit();
	else
		rcu_irq_exit_irqson();
}

/* The module keeps its last reference, so it cannot be removed. */
static notrace void klp_release_module(struct klp_patch *patch)
{
	if (!klp_block_patch_removal)
		patch->mod.refcnt--;
}
