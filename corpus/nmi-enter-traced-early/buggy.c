/* klprove: expect violated assert; states 229 */
#include <klprove.h>

/* The first thing an NMI does is a traced preempt_count_add(): the tracer runs
 * before in_nmi() is true and picks the irq way of making RCU watch. */
__percpu int in_nmi;
__percpu __wraps(2) int dynticks;	/* CPU 0 idle: even, RCU does not watch */
__percpu int irq_nesting;

static void rcu_irq_enter(void)	/* not safe in NMI */
{
	int old = this_cpu(irq_nesting);

	this_cpu(irq_nesting) = old + 1;
	if (old == 0)
		atomic_inc_return(&this_cpu(dynticks));
}

static void rcu_irq_exit(void)
{
	int now = this_cpu(irq_nesting) - 1;

	this_cpu(irq_nesting) = now;
	if (now == 0)
		atomic_inc_return(&this_cpu(dynticks));
}

static void trace_stack(void)	/* function tracer callback */
{
	if (this_cpu(in_nmi))
		return;
	rcu_irq_enter();
	assert(this_cpu(dynticks) & 1);	/* uses RCU to walk the stack */
	rcu_irq_exit();
}

__task(0) void idle(void)
{
	local_irq_disable();
	trace_stack();		/* some traced function of the idle loop */
	local_irq_enable();
}

__nmi(0) void nmi(void)
{
	trace_stack();		/* entry of preempt_count_add() is traced */
	this_cpu(in_nmi)++;
	trace_stack();		/* body */
	this_cpu(in_nmi)--;
	trace_stack();
}
