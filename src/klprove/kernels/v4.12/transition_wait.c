/* transition_wait.c - how the core waits for handlers that are under way.
 *
 * Models: klp_synchronize_transition of kernel/livepatch/transition.c;
 * schedule_on_each_cpu of kernel/workqueue.c, as in v4.12.
 * Leaves out: the administrator's own CPU (it sleeps in the wait).
 */

/* A work item has run on the tasks' CPU when its worker thread has, and that
 * needs preemption on. From outside one sees so by the count, but for what the
 * CPU's store buffer holds back: then the worker has to come by itself. */
#if WORKER_THREAD
static bool work_queued;

__irq(TASK_CPU) notrace void worker_thread(void)
{
	if (READ_ONCE(work_queued) && preempt_count() == 0)
		WRITE_ONCE(work_queued, false);
}

static notrace void schedule_on_each_cpu(void)
{
	WRITE_ONCE(work_queued, true);
	smp_mb();
	await(!work_queued);
}
#else
static notrace void schedule_on_each_cpu(void)
{
	await(per_cpu(__preempt_count, TASK_CPU) == 0);
}
#endif

static notrace void klp_synchronize_transition(void)
{
	schedule_on_each_cpu();
}
