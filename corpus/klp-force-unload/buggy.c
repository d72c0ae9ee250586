/* klprove: expect violated assert; states 61 */
#include <klprove.h>

/* A forced disable ends the transition although a task is still inside the patch
 * module, and then drops the module's reference as for a clean one. */
int func_on_stack = 1;		/* new function on ops->func_stack */
int in_handler;			/* klp_ftrace_handler() on CPU 0 */
int in_new_code;		/* task on CPU 0 is inside the patch module */
int text_freed;

__task(0) void task(void)
{
	in_handler = 1;
	if (READ_ONCE(func_on_stack))
		in_new_code = 1;
	in_handler = 0;
	/* may sleep in the patched function for a very long time */
	if (in_new_code)
		assert(!text_freed);	/* returns into module text */
	in_new_code = 0;
}

__task(1) void disable_patch(void)
{
	WRITE_ONCE(func_on_stack, 0);	/* klp_unpatch_objects() */
	await(!in_handler);		/* klp_synchronize_transition() */
	if (in_new_code) {
		/* transition hangs; the admin writes 1 to "force" */
	}
	text_freed = 1;			/* module_put(), rmmod */
}
