/* transition_ftrace.c - from the call site at the patched function's start to the handler.
 *
 * Models: ftrace_ops_assist_func of kernel/trace/ftrace.c, and the trampoline,
 * as in v4.12.
 * Leaves out: the recursion guard (nothing that the handler calls is patched);
 * that the trampoline's own first instructions are preemptible:
 * synchronize_rcu_tasks() waits for those, and here they have preemption off.
 */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs);

/* The text that runs when the patched function is called. */
static notrace const char *__fentry__(void)
{
	struct pt_regs regs = { .ip = (unsigned long)&old_text };

	preempt_disable_notrace();
	if (READ_ONCE(klp_ops.fops.registered))
		klp_ftrace_handler(regs.ip, 0, &klp_ops.fops, &regs);
	preempt_enable_notrace();
	return (const char *)regs.ip;
}
