/* 07.c - handler C, which says when it has been right: protected while it
 * read, and RCU's words afterwards as before.
 */
struct rcu_words {
	bool watching;
	s64 nesting;
	int nmi_nesting;
	bool unprotected;
};

__ghost static void remember(struct rcu_words *words)
{
	words->watching = watching();
	words->nesting = this_cpu(rcu_dynticks).dynticks_nesting;
	words->nmi_nesting = this_cpu(rcu_dynticks).dynticks_nmi_nesting;
}

/* The reads that follow: does the updater wait for them? */
__ghost static void look_at_protection(struct rcu_words *words)
{
	words->unprotected = !klp_updater_waits();
}

__ghost static bool wrong(const struct rcu_words *words)
{
	return words->unprotected || words->watching != watching()
	       || words->nesting != this_cpu(rcu_dynticks).dynticks_nesting
	       || words->nmi_nesting != this_cpu(rcu_dynticks).dynticks_nmi_nesting;
}

__ghost static void say_if_right(const struct rcu_words *words)
{
	if (!wrong(words))
		finding("protected-at-the-edge");
}

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int patch_state;
	bool nmi = in_nmi();
	struct rcu_words words;

	remember(&words);
	if (nmi)
		rcu_nmi_enter();
	else
		rcu_irq_enter();
	rcu_read_lock();
	look_at_protection(&words);

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
		rcu_irq_exit();
	say_if_right(&words);
}
