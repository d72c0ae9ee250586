/* transition_wait.c - how the core waits for handlers that are under way.
 *
 * Models: klp_synchronize_transition of kernel/livepatch/transition.c;
 * schedule_on_each_cpu of kernel/workqueue.c, as in v4.12.
 * Leaves out: the administrator's own CPU (it sleeps in the wait).
 */

/* A work item has run on the tasks' CPU when its worker thread has, and that
 * needs preemption on. */
static notrace void schedule_on_each_cpu(void)
{
	await(per_cpu(__preempt_count, TASK_CPU) == 0);
}

static notrace void klp_synchronize_transition(void)
{
	schedule_on_each_cpu();
}
