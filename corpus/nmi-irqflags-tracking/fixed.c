/* klprove: expect holds; states 34 */
#include <klprove.h>

/* Software irq state (tracing, lockdep) around an NMI: the NMI records what the
 * software state was when it came in and restores exactly that. */
__percpu int hw_if = 1;		/* EFLAGS.IF */
__percpu int soft_on = 1;	/* what tracing and lockdep believe */

static void irq_disable(void)
{
	this_cpu(hw_if) = 0;	/* cli */
	this_cpu(soft_on) = 0;	/* trace_hardirqs_off() */
}

static void irq_enable(void)
{
	this_cpu(soft_on) = 1;	/* trace_hardirqs_on() */
	this_cpu(hw_if) = 1;	/* sti */
}

__task(0) void work(void)
{
	irq_disable();
	irq_enable();
	assert(this_cpu(soft_on));	/* irqs are on: do we know? */
}

__nmi(0) void nmi(void)
{
	int irq_state = this_cpu(soft_on);	/* lockdep_hardirqs_enabled() */

	this_cpu(soft_on) = 0;
	/* handler */
	if (irq_state)
		this_cpu(soft_on) = 1;
}
