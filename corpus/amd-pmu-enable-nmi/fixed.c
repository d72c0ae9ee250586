/* klprove: expect holds; states 25 */
#include <klprove.h>

/* The perf NMI no longer enables counters, so an event whose active bit is set
 * but which is not running yet cannot overflow and vanish. */
int active = 1;			/* bit idx of cpuc->active_mask */
int event = 1;			/* cpuc->events[idx], 0: NULL */
int hw_enabled;

__task(0) void amd_pmu_enable_all(void)
{
	if (!active)
		return;
	assert(event);		/* amd_pmu_enable_event(NULL) crashes */
	hw_enabled = 1;
}

__nmi(0) void perf_nmi(void)	/* of this or of another event */
{
	if (hw_enabled) {	/* our event overflowed: throttle it */
		hw_enabled = 0;
		event = 0;	/* x86_pmu_stop() */
		active = 0;
	}
	/* only branch sampling is stopped and restarted in the handler */
}
