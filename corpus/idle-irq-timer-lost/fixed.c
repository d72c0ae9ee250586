/* klprove: expect holds; states 43 */
#include <klprove.h>

/* intel_idle_irq() with sti_mwait(): irqs become deliverable only inside mwait,
 * so an irq always ends the sleep and the idle loop looks at timers again. */
__percpu int timer_queued;
__percpu int hw_programmed;	/* next event chosen before going idle */
__percpu int sleeping;

static void mwait(void)
{
	assert(!this_cpu(timer_queued) || this_cpu(hw_programmed));
	this_cpu(sleeping) = 1;		/* until the next irq */
}

__task(0) void idle(void)
{
	local_irq_disable();
	if (this_cpu(timer_queued))	/* tick_nohz_idle_stop_tick() */
		this_cpu(hw_programmed) = 1;
	mwait();
	local_irq_enable();		/* "sti; mwait": takes effect in mwait */
}

__irq(0) void irq(void)
{
	this_cpu(sleeping) = 0;		/* an irq ends mwait */
	this_cpu(timer_queued) = 1;	/* add_timer() on this CPU */
}
