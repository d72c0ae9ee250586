/* klprove: expect violated assert; states 99 */
#include <klprove.h>

/* Livepatches 1 and 2 are "immediate" (no per-task transition), 3 is not.  The
 * stack check for 3 looks only for its direct predecessor, 2. */
enum { NONE, ORIG, P1, P2, P3 };
int top = ORIG;			/* version new calls are redirected to */
int in_handler;			/* klp_ftrace_handler() on CPU 0 */
int on_stack;			/* version the task on CPU 0 is inside of */

__task(0) void task(void)
{
	in_handler = 1;
	on_stack = READ_ONCE(top);
	in_handler = 0;
	/* sleeps inside the function */
	on_stack = NONE;
}

static void apply(int version, int immediate)
{
	int prev = top;

	WRITE_ONCE(top, version);
	if (!immediate)
		await(!in_handler && on_stack != prev);
}

__task(1) void admin(void)
{
	int v;

	apply(P1, 1);
	apply(P2, 1);
	apply(P3, 0);
	v = on_stack;
	assert(v == NONE || v == P3);	/* transition to 3 is complete */
}
