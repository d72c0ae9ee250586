/* 28.c - handler B, with rcu_irq_enter() and rcu_irq_exit() saying when they
 * are under way: is a handler in an NMI inside them wrong, that is,
 * unprotected while it reads, or are RCU's words different after it?
 */
static __percpu int enters, exits;

__ghost static void inside_irq_enter(int count)
{
	this_cpu(enters) += count;
}

__ghost static void inside_irq_exit(int count)
{
	this_cpu(exits) += count;
}

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

__ghost static void say_if_wrong(const struct rcu_words *words)
{
	if (this_cpu(enters) && wrong(words))
		finding("wrong-inside-rcu-irq-enter");
	if (this_cpu(exits) && wrong(words))
		finding("wrong-inside-rcu-irq-exit");
}

static void rcu_irq_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval;

	inside_irq_enter(1);
	oldval = rdtp->dynticks_nesting;
	rdtp->dynticks_nesting = oldval + 1;
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval + 1 == 0);
	if (!oldval)
		rcu_eqs_exit_common(oldval, true);
	inside_irq_enter(-1);
}

static void rcu_irq_exit(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	s64 oldval;

	inside_irq_exit(1);
	oldval = rdtp->dynticks_nesting;
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && oldval < 1);
	if (oldval <= 1)
		rcu_eqs_enter_common(true);
	else
		rdtp->dynticks_nesting = oldval - 1;
	inside_irq_exit(-1);
}

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;
	int patch_state;
	struct rcu_words words;

	remember(&words);
	rcu_irq_enter_irqson();
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
	rcu_irq_exit_irqson();
	say_if_wrong(&words);
}
