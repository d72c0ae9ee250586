/* transition.h - a patch is enabled while a task calls the function.
 *
 * Models: klp_init_transition and klp_patch_func against the reads of
 * klp_ftrace_handler, as in v4.12: patch_state before func->transition before
 * the entry in func_stack, each with an smp_wmb(), and an smp_rmb() each way back.
 * Leaves out: all that comes after.
 */
#ifndef WMB
#define WMB	smp_wmb()
#endif
#ifndef RMB
#define RMB	smp_rmb()
#endif

enum { UNDEFINED, UNPATCHED, PATCHED };
int patch_state;
int transition;
int linked;

__task(0) void klp_ftrace_handler(void)
{
	int state;

	if (!READ_ONCE(linked))
		return;
	RMB;
	assert(READ_ONCE(transition));	/* not yet switched, and already in the new code */
	RMB;
	state = READ_ONCE(patch_state);
	assert(state != UNDEFINED);
}

__task(1) void klp_enable_patch(void)
{
	WRITE_ONCE(patch_state, UNPATCHED);
	WMB;
	WRITE_ONCE(transition, 1);
	WMB;
	WRITE_ONCE(linked, 1);
}
