/* klprove: expect violated assert; states 38 */
#include <klprove.h>

/* Tasks switch themselves in cond_resched().  The stack check stores the trace in
 * one static array that was protected by klp_mutex before. */
int entry;			/* entries[]: 1 = patched function found */
int switched0;			/* CPU 0's task, which IS in the function */

static int klp_check_stack(int on_stack)
{
	entry = on_stack;	/* stack_trace_save_tsk_reliable() */
	return READ_ONCE(entry);	/* klp_check_stack_func() */
}

__task(0) void busy_kthread(void)	/* sleeps inside the old function */
{
	if (!klp_check_stack(1))
		switched0 = 1;
	assert(!switched0);	/* old function on the stack: not allowed */
}

__task(1) void other_kthread(void)	/* not inside any patched function */
{
	klp_check_stack(0);
}
