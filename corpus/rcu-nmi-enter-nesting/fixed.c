/* klprove: expect holds; states 8284 */
#include <klprove.h>

/* rcu_nmi_enter()/rcu_nmi_exit() that nest: the level that left idle adds 1,
 * every other level adds 2, so the exit knows which one it is. */
__percpu __wraps(2) int dynticks;	/* odd: RCU watches this CPU */
__percpu int nmi_nesting;

static void rcu_nmi_enter(void)
{
	int incby = 2;

	if (!(this_cpu(dynticks) & 1)) {
		atomic_inc_return(&this_cpu(dynticks));	/* watched first ... */
		incby = 1;
	}
	this_cpu(nmi_nesting) = this_cpu(nmi_nesting) + incby;	/* ... counted after */
	smp_mb();
}

static void rcu_nmi_exit(void)
{
	if (this_cpu(nmi_nesting) != 1) {
		this_cpu(nmi_nesting) = this_cpu(nmi_nesting) - 2;
		return;
	}
	this_cpu(nmi_nesting) = 0;	/* uncounted first ... */
	smp_mb();
	atomic_inc_return(&this_cpu(dynticks));	/* ... unwatched last */
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
