/* klprove: expect holds; states 534 */
#include <klprove.h>

/* task_work_add(current, TWA_NMI_CURRENT): the NMI itself sets the flag of the
 * task it interrupted. */
int current_task;		/* CPU 0: 0 or 1 */
int work[2];
int resume_flag[2];		/* TIF_NOTIFY_RESUME */
int irq_work_pending;

__task(0) void schedule_twice(void)
{
	local_irq_disable();	/* __schedule(): 0 -> 1 */
	current_task = 1;
	local_irq_enable();
	/* task 1 runs */
	local_irq_disable();	/* __schedule(): 1 -> 0 */
	current_task = 0;
	/* task 0 returns to user space: flag set or irq_work still due? */
	assert(!work[0] || resume_flag[0] || irq_work_pending);
	local_irq_enable();
}

__nmi(0) void nmi(void)
{
	int t = current_task;

	if (!work[t]) {
		work[t] = 1;
		resume_flag[t] = 1;	/* at once, on the right task */
		irq_work_pending = 1;
	}
}

__irq(0) void irq_work(void)
{
	if (irq_work_pending) {
		irq_work_pending = 0;	/* only forces an irq exit */
	}
}
