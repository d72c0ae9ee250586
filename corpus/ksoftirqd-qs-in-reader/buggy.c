/* klprove: expect violated assert; states 63 */
#include <klprove.h>

/* __do_softirq() reports an RCU quiescent state when "current" is ksoftirqd -
 * which is also true when an irq interrupts ksoftirqd anywhere. */
__percpu int current_is_ksoftirqd = 1;
__percpu int in_reader;
__percpu int in_softirq;

static void rcu_softirq_qs(void)
{
	assert(!this_cpu(in_reader));	/* a QS inside a read-side section */
}

static void do_softirq(void)
{
	if (this_cpu(in_softirq))
		return;
	this_cpu(in_softirq) = 1;
	local_irq_enable();
	/* softirq handlers run here */
	local_irq_disable();
	if (this_cpu(current_is_ksoftirqd))
		rcu_softirq_qs();
	this_cpu(in_softirq) = 0;
}

__task(0) void ksoftirqd(void)
{
	local_irq_disable();
	do_softirq();
	local_irq_enable();
	this_cpu(in_reader) = 1;	/* finish_task_switch() .. call_rcu() */
	this_cpu(in_reader) = 0;
}

__irq(0) void irq(void)
{
	do_softirq();		/* irq_exit() */
}
