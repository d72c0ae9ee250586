/* klprove: expect violated assert; states 13892 */
#include <klprove.h>

/* rcu_nmi_enter()/rcu_nmi_exit() before they could nest.
 * CPU 0 sits in the idle loop, so RCU does not watch it (dynticks even). */
__percpu __wraps(2) int dynticks;	/* odd: RCU watches this CPU */
__percpu int nmi_nesting;

static void rcu_nmi_enter(void)
{
	if (this_cpu(nmi_nesting) == 0 && (this_cpu(dynticks) & 1))
		return;		/* interrupted code is already watched */
	this_cpu(nmi_nesting)++;
	smp_mb();
	atomic_inc_return(&this_cpu(dynticks));	/* assumes: even -> odd */
	smp_mb();
}

static void rcu_nmi_exit(void)
{
	if (this_cpu(nmi_nesting) == 0)
		return;
	this_cpu(nmi_nesting)--;
	if (this_cpu(nmi_nesting) != 0)
		return;
	smp_mb();
	atomic_inc_return(&this_cpu(dynticks));
}

static void handler(void)
{
	rcu_nmi_enter();
	assert(this_cpu(dynticks) & 1);	/* read-side section in the handler */
	rcu_nmi_exit();
}

__task(0) void idle(void) { }

__nmi(0) void nmi(void) { handler(); }

__exception(0) void machine_check(void) { handler(); }
