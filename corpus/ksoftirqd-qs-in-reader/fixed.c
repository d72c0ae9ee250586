/* klprove: expect holds; states 54 */
#include <klprove.h>

/* The caller says whether softirqs run from ksoftirqd's own task context; only
 * then is the end of the run a quiescent state. */
__percpu int in_reader;
__percpu int in_softirq;

static void rcu_softirq_qs(void)
{
	assert(!this_cpu(in_reader));	/* a QS inside a read-side section */
}

static void handle_softirqs(int ksirqd)
{
	if (this_cpu(in_softirq))
		return;
	this_cpu(in_softirq) = 1;
	local_irq_enable();
	/* softirq handlers run here */
	local_irq_disable();
	if (ksirqd)
		rcu_softirq_qs();
	this_cpu(in_softirq) = 0;
}

__task(0) void ksoftirqd(void)
{
	local_irq_disable();
	handle_softirqs(1);	/* run_ksoftirqd(): task context */
	local_irq_enable();
	this_cpu(in_reader) = 1;	/* finish_task_switch() .. call_rcu() */
	this_cpu(in_reader) = 0;
}

__irq(0) void irq(void)
{
	handle_softirqs(0);	/* irq_exit() */
}
