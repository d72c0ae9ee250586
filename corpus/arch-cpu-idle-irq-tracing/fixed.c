/* klprove: expect holds; states 44 */
#include <klprove.h>

/* arch_cpu_idle() uses untraced irq switches; the caller tells tracing about
 * the irq state on both sides while RCU watches. */
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
	local_irq_enable();	/* raw_ variants: no instrumentation */
	/* sleeps here */
	local_irq_disable();
}

__task(0) void do_idle(void)
{
	traced_irq_disable();
	trace_irqflags();	/* say "irqs on" while RCU still watches */
	atomic_inc_return(&this_cpu(dynticks));	/* rcu_idle_enter() */
	arch_cpu_idle();
	atomic_inc_return(&this_cpu(dynticks));	/* rcu_idle_exit() */
	trace_irqflags();	/* say "irqs off" after RCU watches again */
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
