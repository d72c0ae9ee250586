/* klprove: expect violated assert; states 70 */
#include <klprove.h>

/* amd_pmu_enable_all() tests active_mask, then uses events[idx].  A perf NMI in
 * between enables all counters on its way out; the event overflows at once, is
 * throttled and removed. */
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
	if (active)
		hw_enabled = 1;	/* amd_pmu_enable_all() in the handler */
}
