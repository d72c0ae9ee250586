/* later.c - words of v6.1 that a handler of that kernel uses and the model v4.12 has not, in v4.12's terms.
 *
 * Models: ftrace_test_recursion_trylock and _unlock of include/linux/trace_recursion.h and
 * ftrace_instruction_pointer_set of include/linux/ftrace.h, as in v6.1.
 * Leaves out: the recursion bits, which the model's assist function has taken already. `nop` of
 * struct klp_func is read as a flag that is false here.
 */
#define nop	immediate

struct ftrace_regs {
	struct pt_regs regs;
};

static inline notrace int ftrace_test_recursion_trylock(unsigned long ip, unsigned long parent_ip)
{
	preempt_disable_notrace();
	return 0;
}

static inline notrace void ftrace_test_recursion_unlock(int bit)
{
	preempt_enable_notrace();
}

static inline notrace void ftrace_instruction_pointer_set(struct ftrace_regs *fregs,
							   unsigned long ip)
{
	fregs->regs.ip = ip;
}
