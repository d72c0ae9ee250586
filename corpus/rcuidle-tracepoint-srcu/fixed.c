/* klprove: expect holds; states 123 */
#include <klprove.h>

/* _rcuidle tracepoints use SRCU for their own list and make RCU watch for the
 * sake of whatever the attached callback does. */
int dynticks0;			/* CPU 0: even, RCU does not watch */
int irq_nest0;
int srcu0;			/* CPU 0: srcu_read_lock(&tracepoint_srcu) */
int rcu0;			/* CPU 0: inside rcu_read_lock() */
int event = 1;			/* perf event reachable through RCU */
int event_freed;

static void perf_callback(void)
{
	rcu0++;
	if (READ_ONCE(event))
		assert(!event_freed);
	rcu0--;
}

static void rcu_irq_enter_irqson(void)
{
	local_irq_disable();
	if (irq_nest0++ == 0)
		atomic_inc_return(&dynticks0);
	local_irq_enable();
}

static void rcu_irq_exit_irqson(void)
{
	local_irq_disable();
	if (--irq_nest0 == 0)
		atomic_inc_return(&dynticks0);
	local_irq_enable();
}

static void trace_rcuidle(void)
{
	srcu0++;
	rcu_irq_enter_irqson();
	perf_callback();
	rcu_irq_exit_irqson();
	srcu0--;
}

__task(0) void idle(void)
{
	trace_rcuidle();
}

__task(1) void free_event(void)
{
	WRITE_ONCE(event, 0);
	if (dynticks0 & 1)		/* synchronize_rcu() */
		await(rcu0 == 0);
	event_freed = 1;
}
