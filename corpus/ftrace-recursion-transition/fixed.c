/* klprove: expect holds; states 196 */
#include <klprove.h>

/* Per-context recursion bits of an ftrace callback (here: livepatch) plus one
 * extra level for the time in which the preempt count lags behind. */
enum { BIT_NORMAL = 1, BIT_IRQ = 2, BIT_TRANSITION = 4 };
__percpu int hardirq_count;
__percpu int recursion;

static int trylock(void)
{
	int bit = this_cpu(hardirq_count) ? BIT_IRQ : BIT_NORMAL;

	if (this_cpu(recursion) & bit) {
		bit = BIT_TRANSITION;	/* maybe the count is only late */
		if (this_cpu(recursion) & bit)
			return 0;
	}
	this_cpu(recursion) |= bit;
	return bit;
}

static void call_patched_function(void)
{
	int bit = trylock();

	assert(bit);		/* else: the old, unpatched function runs */
	/* klp_ftrace_handler() body: redirect */
	this_cpu(recursion) &= ~bit;
}

__task(0) void task(void)
{
	call_patched_function();
}

__irq(0) void irq(void)
{
	call_patched_function();	/* irq entry, before irq_enter() */
	this_cpu(hardirq_count)++;
	call_patched_function();
	this_cpu(hardirq_count)--;
	call_patched_function();	/* after irq_exit() */
}
