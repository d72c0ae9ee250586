/* klprove: expect violated assert; states 45 */
#include <klprove.h>

/* The end of a preempted reader with irqs off raises a softirq; the tracepoint of
 * raise_softirq takes a stack trace, which contains another RCU reader. */
__percpu int rcu_nesting;
__percpu int unlock_special = 1;	/* reader was preempted: must report */
__percpu int depth;

static void rcu_read_unlock(void);

static void raise_softirq_irqoff(void)
{
	this_cpu(depth)++;
	assert(this_cpu(depth) <= 2);	/* else: endless recursion */
	this_cpu(rcu_nesting)++;	/* trace event with stack trace */
	rcu_read_unlock();
	this_cpu(depth)--;
}

static void rcu_read_unlock_special(void)
{
	/* irqs are off: report later, from the softirq */
	raise_softirq_irqoff();
}

static void rcu_read_unlock(void)
{
	this_cpu(rcu_nesting)--;
	if (this_cpu(rcu_nesting) == 0 && this_cpu(unlock_special))
		rcu_read_unlock_special();
}

__task(0) void reader(void)
{
	local_irq_disable();
	this_cpu(rcu_nesting)++;
	rcu_read_unlock();
	local_irq_enable();
}

__irq(0) void softirq(void)
{
	this_cpu(unlock_special) = 0;	/* quiescent state reported */
}
