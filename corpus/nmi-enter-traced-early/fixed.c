/* klprove: expect holds; states 84 */
#include <klprove.h>

/* in_nmi() becomes true before anything that can be traced runs, and stays true
 * until nothing traceable is left, so the tracer always knows where it is. */
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
	this_cpu(in_nmi)++;	/* __preempt_count_add(): never traced */
	trace_stack();		/* body */
	this_cpu(in_nmi)--;	/* last thing done */
}
