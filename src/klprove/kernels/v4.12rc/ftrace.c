/* ftrace.c - from the call site at a function's start to the handler.
 *
 * Models: ftrace_ops_assist_func, ftrace_ops_list_func (__ftrace_ops_list_func)
 * of kernel/trace/ftrace.c; trace_test_and_set_recursion and
 * trace_clear_recursion of kernel/trace/trace.h; the trampoline, as in v4.12.
 * Diverges at Linux kernel commit 726b3d3f141f ("ftrace: Handle tracing when
 * switching between context") (in v5.10).
 * Leaves out: the rewriting of call sites, other ops' callbacks, hash look-up,
 * the other users of the guard word (ring buffer, function tracer), so also
 * the "an outer check was made" shortcut, which the list bits never take.
 *
 * livepatch's ops is not marked RECURSION_SAFE, so a single ops on a site is
 * reached through the assist function, several through the list function
 * (-DFTRACE_LIST_FUNC=1). -DFTRACE_DIRECT=1 is the kernel that never was: the
 * trampoline calls the handler itself.
 */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs);

#define TRACE_LIST_START	12

/* Which context this is, by preempt_count alone. With bottom halves off a task
 * counts as softirq. */
static __always_inline notrace int trace_get_context_bit(void)
{
	int count = preempt_count();

	if (!(count & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK)))
		return 3;
	if (count & NMI_MASK)
		return 0;
	return count & HARDIRQ_MASK ? 1 : 2;
}

static __always_inline notrace int trace_test_and_set_recursion(int start)
{
	unsigned int val = current->trace_recursion;
	int bit = trace_get_context_bit() + start;

	if (val & (1u << bit))
		return -1;
	current->trace_recursion = val | (1u << bit);
	barrier();
	return bit;
}

static __always_inline notrace void trace_clear_recursion(int bit)
{
	unsigned int val = current->trace_recursion;

	barrier();
	current->trace_recursion = val & ~(1u << bit);
}

static notrace void call_klp_handler(unsigned long ip, struct ftrace_ops *op,
				     struct pt_regs *regs)
{
	int outer = handler_begin();

	klp_ftrace_handler(ip, 0, op, regs);
	handler_end(outer);
}

static notrace void ftrace_ops_assist_func(unsigned long ip, struct ftrace_ops *op,
					   struct pt_regs *regs)
{
	int bit;

	bit = trace_test_and_set_recursion(TRACE_LIST_START);
	if (bit < 0)
		return;
	preempt_disable_notrace();
	call_klp_handler(ip, op, regs);
	preempt_enable_notrace();
	trace_clear_recursion(bit);
}

/* As the assist function, but for every ops whose filter has this address; the
 * ops that share the site with livepatch's are somebody else's callbacks. */
static notrace void ftrace_ops_list_func(unsigned long ip, struct ftrace_ops *op,
					 struct pt_regs *regs)
{
	int bit;

	bit = trace_test_and_set_recursion(TRACE_LIST_START);
	if (bit < 0)
		return;
	preempt_disable_notrace();
	call_klp_handler(ip, op, regs);
	preempt_enable_notrace();
	trace_clear_recursion(bit);
}

/* The trampoline at the start of a patched function. On the way back the
 * program counter is whatever the handler left in regs. */
static notrace void __fentry__(unsigned long ip)
{
	struct pt_regs regs = { .ip = ip };

#if FTRACE_DIRECT
	call_klp_handler(ip, &klp_ops.fops, &regs);
#elif FTRACE_LIST_FUNC
	ftrace_ops_list_func(ip, &klp_ops.fops, &regs);
#else
	ftrace_ops_assist_func(ip, &klp_ops.fops, &regs);
#endif
	/* The older patch stays enabled for good: the original must not run. */
	if (regs.ip == ip) {
		finding("redirect-lost");
		return;
	}
	reach(redirected);
#if NR_CPUS > 1
	READ_ONCE(*(char *)regs.ip);	/* the replacement's first instruction */
#endif
}
