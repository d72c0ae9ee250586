/* ftrace.c - from the call site at a function's start to the handler.
 *
 * Models: __ftrace_ops_list_func of kernel/trace/ftrace.c; the trampoline, as in
 * v6.0 and v6.1, after Linux kernel commit ce5e48036c9e ("ftrace: disable
 * preemption when recursion locked") (in v5.16).
 * Leaves out: as in v4.12.
 */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct ftrace_regs *fregs);

static notrace void call_klp_handler(unsigned long ip, struct ftrace_ops *op,
				     struct ftrace_regs *fregs)
{
	int outer = handler_begin();

	klp_ftrace_handler(ip, 0, op, fregs);
	handler_end(outer);
}

/* Every ops whose filter has this address; those that share the site with
 * livepatch's are somebody else's callbacks. */
static notrace void __ftrace_ops_list_func(unsigned long ip, struct ftrace_ops *op,
					   struct ftrace_regs *fregs)
{
	int bit = trace_test_and_set_recursion(ip, 0, TRACE_LIST_START);

	if (bit < 0)
		return;
	call_klp_handler(ip, op, fregs);
	trace_clear_recursion(bit);
}

/* The trampoline at the start of a patched function. On the way back the
 * program counter is whatever the handler left in fregs. */
static notrace void __fentry__(unsigned long ip)
{
	struct ftrace_regs fregs = { .ip = ip };

#if FTRACE_LIST_FUNC
	__ftrace_ops_list_func(ip, &klp_ops.fops, &fregs);
#else
	call_klp_handler(ip, &klp_ops.fops, &fregs);
#endif
	/* The older patch stays enabled for good: the original must not run. */
	if (fregs.ip == ip) {
		finding("redirect-lost");
		return;
	}
	reach(redirected);
#if NR_CPUS > 1
	READ_ONCE(*(char *)fregs.ip);	/* the replacement's first instruction */
#endif
}
