/* klprove: expect violated assert; states 60 */
#include <klprove.h>

/* _rcuidle tracepoints moved to SRCU: the tracepoint's own list is safe, but
 * the attached callback (perf) still uses ordinary RCU in the idle loop. */
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

static void trace_rcuidle(void)
{
	srcu0++;
	perf_callback();
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
