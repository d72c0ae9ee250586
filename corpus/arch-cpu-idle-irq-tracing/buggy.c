/* klprove: expect violated assert; states 7 */
#include <klprove.h>

/* arch_cpu_idle() is called with RCU not watching but uses the traced
 * local_irq_enable()/local_irq_disable(). */
__percpu __wraps(2) int dynticks = 1;	/* odd: RCU watches */

static void trace_irqflags(void)	/* tracepoint, lockdep: need RCU */
{
	assert(this_cpu(dynticks) & 1);
}

static void traced_irq_enable(void)
{
	trace_irqflags();
	local_irq_enable();
}

static void traced_irq_disable(void)
{
	local_irq_disable();
	trace_irqflags();
}

static void arch_cpu_idle(void)
{
	traced_irq_enable();
	/* sleeps here */
	traced_irq_disable();
}

__task(0) void do_idle(void)
{
	traced_irq_disable();
	atomic_inc_return(&this_cpu(dynticks));	/* rcu_idle_enter() */
	arch_cpu_idle();
	atomic_inc_return(&this_cpu(dynticks));	/* rcu_idle_exit() */
	traced_irq_enable();
}

__irq(0) void irq(void)
{
	int from_idle = !(this_cpu(dynticks) & 1);

	if (from_idle)
		atomic_inc_return(&this_cpu(dynticks));	/* rcu_irq_enter() */
	trace_irqflags();
	if (from_idle)
		atomic_inc_return(&this_cpu(dynticks));
}
