/* ftrace.c - from the call site at a function's start to the handler.
 *
 * Models: ftrace_ops_list_func (__ftrace_ops_list_func) of kernel/trace/ftrace.c;
 * the trampoline, as in v5.11, after Linux kernel commit a25d036d939a ("ftrace:
 * Reverse what the RECURSION flag means in the ftrace_ops") (in v5.11): a
 * single ops without that flag is called by the trampoline itself,
 * and protects itself (trace_recursion.h).
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
static notrace void ftrace_ops_list_func(unsigned long ip, struct ftrace_ops *op,
					 struct ftrace_regs *fregs)
{
	int bit;

	bit = trace_test_and_set_recursion(TRACE_LIST_START, TRACE_LIST_MAX);
	if (bit < 0)
		return;
	preempt_disable_notrace();
	call_klp_handler(ip, op, fregs);
	preempt_enable_notrace();
	trace_clear_recursion(bit);
}

/* The trampoline at the start of a patched function. On the way back the
 * program counter is whatever the handler left in regs. */
static notrace void __fentry__(unsigned long ip)
{
	struct ftrace_regs fregs = { .ip = ip };

#if FTRACE_LIST_FUNC
	ftrace_ops_list_func(ip, &klp_ops.fops, &fregs);
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
