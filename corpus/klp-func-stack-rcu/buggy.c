/* klprove: expect violated assert; states 2388 */
#include <klprove.h>

/* klp_ftrace_handler() protected by plain RCU.  CPU 0 calls a livepatched
 * function from the idle loop, where RCU does not watch; CPU 1 unpatches. */
__wraps(3) int dynticks0;	/* CPU 0: even, RCU does not watch */
int rcu_nest0;			/* CPU 0: inside rcu_read_lock() */
int func_stack = 1;		/* top of ops->func_stack, 0: empty */
int func_freed;

static void klp_ftrace_handler(void)
{
	rcu_nest0 = 1;
	if (READ_ONCE(func_stack))
		assert(!func_freed);	/* func->transition, func->new_func */
	rcu_nest0 = 0;
}

__task(0) void idle(void)
{
	klp_ftrace_handler();	/* dynticks0 is even here */
}

__irq(0) void irq(void)
{
	dynticks0++;		/* rcu_irq_enter() */
	klp_ftrace_handler();
	dynticks0++;
}

static void synchronize_rcu(void)
{
	int snap = dynticks0;

	if (snap & 1)		/* CPU in idle: extended quiescent state */
		await(rcu_nest0 == 0 || dynticks0 != snap);
}

__task(1) void unpatch(void)
{
	WRITE_ONCE(func_stack, 0);	/* list_del_rcu() */
	synchronize_rcu();
	func_freed = 1;
}
