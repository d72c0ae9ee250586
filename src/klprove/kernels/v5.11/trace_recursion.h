/* trace_recursion.h - the guard against callbacks of ftrace that enter themselves.
 *
 * Models: ftrace_test_recursion_trylock, ftrace_test_recursion_unlock,
 * trace_test_and_set_recursion, trace_clear_recursion, trace_get_context_bit of
 * include/linux/trace_recursion.h, as in v5.11, after Linux kernel commit
 * 726b3d3f141f ("ftrace: Handle tracing when switching between context") (in
 * v5.10). Diverges at Linux kernel commit ed65df63a39a ("tracing: Have all levels
 * of checks prevent recursion") (in v5.15).
 * Leaves out: the other callbacks' use of the same word.
 */
#define TRACE_CONTEXT_BITS	4
#define TRACE_FTRACE_START	0
#define TRACE_FTRACE_MAX	((1u << (TRACE_FTRACE_START + TRACE_CONTEXT_BITS)) - 1)
#define TRACE_LIST_START	4
#define TRACE_LIST_MAX		((1u << (TRACE_LIST_START + TRACE_CONTEXT_BITS)) - 1)
#define TRACE_CONTEXT_MASK	TRACE_LIST_MAX
#define TRACE_TRANSITION_BIT	14

/* Which context this is, by preempt_count alone: only a softirq that is being
 * served is one. */
static __always_inline notrace int trace_get_context_bit(void)
{
	int count = preempt_count();

	if (!(count & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)))
		return 3;
	if (count & NMI_MASK)
		return 0;
	return count & HARDIRQ_MASK ? 1 : 2;
}

/* 0: an outer check stands. Where the context's bit is taken, the first step of
 * an interrupt may not be counted yet: once that is let through. The bit that
 * says so is cleared for the others, but val, which was read before, puts it back. */
static __always_inline notrace int trace_test_and_set_recursion(int start, unsigned int max)
{
	unsigned int val = current->trace_recursion;
	int bit;

	if ((val & TRACE_CONTEXT_MASK) > max)
		return 0;

	bit = trace_get_context_bit() + start;
	if (unlikely(val & (1u << bit))) {
		bit = TRACE_TRANSITION_BIT;
		if (current->trace_recursion & (1u << bit))
			return -1;
		current->trace_recursion |= 1u << bit;
		barrier();
		return bit + 1;
	}
	current->trace_recursion &= ~(1u << TRACE_TRANSITION_BIT);

	val |= 1u << bit;
	current->trace_recursion = val;
	barrier();
	return bit + 1;
}

static __always_inline notrace void trace_clear_recursion(int bit)
{
	unsigned int val = current->trace_recursion;

	if (!bit)
		return;
	bit--;
	val &= ~(1u << bit);
	barrier();
	current->trace_recursion = val;
}

static __always_inline notrace int ftrace_test_recursion_trylock(unsigned long ip,
								  unsigned long parent_ip)
{
	return trace_test_and_set_recursion(TRACE_FTRACE_START, TRACE_FTRACE_MAX);
}

static __always_inline notrace void ftrace_test_recursion_unlock(int bit)
{
	trace_clear_recursion(bit);
}
