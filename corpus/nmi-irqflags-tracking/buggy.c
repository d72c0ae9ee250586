/* klprove: expect violated assert; states 41 */
#include <klprove.h>

/* Software irq state (tracing, lockdep) around an NMI: on exit the NMI restores
 * it from the interrupted IF bit.  Between trace_hardirqs_on() and sti the two
 * disagree, and the NMI leaves the software state wrong. */
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
	int regs_if = this_cpu(hw_if);

	this_cpu(soft_on) = 0;
	/* handler */
	if (regs_if)
		this_cpu(soft_on) = 1;
}
