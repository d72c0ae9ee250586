/* mce.c - handler A in short, by somebody who thinks that it is never called where an NMI would be,
 * and the part of a #MC that Debian's 6.1 and 6.12 have a call in: mce_log() is inlined there, what
 * it calls is not (arch/x86/kernel/cpu/mce/core.c, genpool.c, v6.1 and v6.12). */
#ifndef __KERNEL__
static int mce_gen_pool_add(void)
{
	body_needs_rcu();
	return 0;
}

static void mce_log(void)
{
	mce_gen_pool_add();
}
#endif

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	struct klp_ops *ops = container_of(fops, struct klp_ops, fops);
	struct klp_func *func;

	rcu_read_lock();
	func = list_first_or_null_rcu(&ops->func_stack, struct klp_func, stack_node);
	WARN_ON_ONCE(in_nmi());
	klp_arch_set_pc(regs, (unsigned long)func->new_func);
	rcu_read_unlock();
}
