/* klprove: expect holds; states 29 */
#include <klprove.h>
/* After a failed attempt the idle CPU is woken, so that its idle task passes the
 * place where it switches itself. */
enum { AWAKE, ASLEEP, KICKED };
int wake;			/* CPU 0's idle loop */
int pending;			/* TIF_PATCH_PENDING of the idle task */
int switched;

__task(0) void do_idle(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (cmpxchg(&wake, AWAKE, ASLEEP) == AWAKE)
			await(wake == KICKED);	/* inner loop: mwait */
		wake = AWAKE;
		if (pending) {		/* klp_update_patch_state(current) */
			pending = 0;
			switched = 1;
		}
	}
}

__task(1) void klp_try_complete_transition(void)
{
	int w;

	pending = 1;
	/* klp_try_switch_task(idle): is running, cannot be switched */
	wake = KICKED;		/* wake_up_if_idle() */
	w = wake;		/* next attempt, one second later */
	assert(!(w == ASLEEP && !switched));	/* no progress is possible */
}
