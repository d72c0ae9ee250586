/* klprove: expect holds; states 1692 */
#include <klprove.h>

/* klp_ftrace_handler() protected by preempt_disable_notrace(); the updater
 * forces a schedule on each CPU, which does not care whether RCU watches. */
__wraps(3) int dynticks0;	/* CPU 0: even, RCU does not watch */
int preempt0;			/* CPU 0: preempt_count */
int func_stack = 1;		/* top of ops->func_stack, 0: empty */
int func_freed;

static void klp_ftrace_handler(void)
{
	preempt0++;
	if (READ_ONCE(func_stack))
		assert(!func_freed);	/* func->transition, func->new_func */
	preempt0--;
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

static void klp_synchronize(void)
{
	await(preempt0 == 0);	/* schedule_on_each_cpu(klp_sync) has run */
}

__task(1) void unpatch(void)
{
	WRITE_ONCE(func_stack, 0);	/* list_del_rcu() */
	klp_synchronize();
	func_freed = 1;
}
