/* trace_recursion.h - the guard against callbacks of ftrace that enter themselves.
 *
 * Models: ftrace_test_recursion_trylock, ftrace_test_recursion_unlock,
 * trace_test_and_set_recursion, trace_clear_recursion, trace_get_context_bit,
 * trace_warn_on_no_rcu of include/linux/trace_recursion.h;
 * interrupt_context_level of include/linux/preempt.h, as in v6.12: the check that
 * v6.3 brought is a choice of the configuration, off unless
 * -DCONFIG_FTRACE_VALIDATE_RCU_IS_WATCHING=1 (commit not found).
 * Leaves out: the other callbacks' use of the same word; that a warning is given
 * once.
 */
#ifndef CONFIG_FTRACE_VALIDATE_RCU_IS_WATCHING
#define CONFIG_FTRACE_VALIDATE_RCU_IS_WATCHING 0
#endif

#define TRACE_FTRACE_START	0
#define TRACE_LIST_START	5

enum {
	TRACE_CTX_NMI,
	TRACE_CTX_IRQ,
	TRACE_CTX_SOFTIRQ,
	TRACE_CTX_NORMAL,
	TRACE_CTX_TRANSITION,
};

/* 0 a task, 1 a softirq, 2 an interrupt, 3 an NMI or an exception, by
 * preempt_count alone. */
static __always_inline notrace unsigned char interrupt_context_level(void)
{
	unsigned long pc = preempt_count();
	unsigned char level = 0;

	level += !!(pc & (NMI_MASK));
	level += !!(pc & (NMI_MASK | HARDIRQ_MASK));
	level += !!(pc & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET));
	return level;
}

static __always_inline notrace int trace_get_context_bit(void)
{
	return TRACE_CTX_NORMAL - interrupt_context_level();
}

#define TRACE_RECORD_RECURSION_BIT	14

#define trace_recursion_set(bit)	(current->trace_recursion |= 1u << (bit))
#define trace_recursion_clear(bit)	(current->trace_recursion &= ~(1u << (bit)))
#define trace_recursion_test(bit)	(current->trace_recursion & (1u << (bit)))

/* Where RCU is off nothing should be traceable: say so, and refuse. */
static __always_inline notrace bool trace_warn_on_no_rcu(unsigned long ip)
{
	bool ret;

	if (!CONFIG_FTRACE_VALIDATE_RCU_IS_WATCHING)
		return false;
	ret = !rcu_is_watching();
	if (ret && !trace_recursion_test(TRACE_RECORD_RECURSION_BIT)) {
		trace_recursion_set(TRACE_RECORD_RECURSION_BIT);
		WARN_ONCE(true, "RCU not on for: %pS", (void *)ip);
		trace_recursion_clear(TRACE_RECORD_RECURSION_BIT);
	}
	return ret;
}

/* Where the context's bit is taken, the first step of an interrupt may not be
 * counted yet: once that is let through. */
static __always_inline notrace int trace_test_and_set_recursion(unsigned long ip,
								 unsigned long pip, int start)
{
	unsigned int val;
	int bit;

	if (trace_warn_on_no_rcu(ip))
		return -1;

	val = READ_ONCE(current->trace_recursion);
	bit = trace_get_context_bit() + start;
	if (unlikely(val & (1u << bit))) {
		bit = TRACE_CTX_TRANSITION + start;
		if (val & (1u << bit))
			return -1;
	}
	val |= 1u << bit;
	current->trace_recursion = val;
	barrier();

	preempt_disable_notrace();
	return bit;
}

static __always_inline notrace void trace_clear_recursion(int bit)
{
	preempt_enable_notrace();
	barrier();
	trace_recursion_clear(bit);
}

static __always_inline notrace int ftrace_test_recursion_trylock(unsigned long ip,
								  unsigned long parent_ip)
{
	return trace_test_and_set_recursion(ip, parent_ip, TRACE_FTRACE_START);
}

static __always_inline notrace void ftrace_test_recursion_unlock(int bit)
{
	trace_clear_recursion(bit);
}
