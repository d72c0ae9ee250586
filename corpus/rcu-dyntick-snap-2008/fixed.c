/* klprove: expect holds; states 143 */
#include <klprove.h>

/* Preemptible RCU 2.6.26: may the grace period stop waiting for CPU 0?
 * CPU 0 leaves and enters dynticks-idle; CPU 1 runs the waitack step. */
int dynticks = 1;	/* CPU 0's dynticks_progress_counter, even = idle */
int cpu0_done;

static int waitack_needed(int snap)
{
	int curr = dynticks;

	smp_mb();
	if (curr == snap && (curr & 1) == 0)
		return 0;	/* idle all the time */
	if (curr - snap > 2 || (curr & 1) == 0)
		return 0;	/* entered or passed through idle */
	return 1;
}

__task(0) void cpu0(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		smp_mb();
		dynticks++;	/* rcu_enter_nohz() */
		dynticks++;	/* rcu_exit_nohz() */
		smp_mb();
	}
	dynticks++;		/* idle from now on: nobody will answer */
	cpu0_done = 1;
}

__task(1) void grace_period(void)
{
	int snap = dynticks;
	int done;

	while (1) {
		done = cpu0_done;
		if (!waitack_needed(snap))
			return;
		assert(!done);	/* would wait for an idle CPU for ever */
	}
}
