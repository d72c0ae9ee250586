/* transition_kick.c - an idle CPU is told to go once through its loop.
 *
 * Models: wake_up_if_idle of kernel/sched/core.c, as klp_try_complete_transition
 * calls it after Linux kernel commit 5de62ea84abd ("sched,livepatch: Use
 * wake_up_if_idle()") (in v5.16).
 * Leaves out: the interrupt that carries it.
 */
static notrace void klp_kick_idle(struct task_struct *task)
{
	if (task != &tasks[IDLE])
		return;
	rq_lock(&runqueue);
	if (task_curr(task))
		runqueue.need_resched = true;
	rq_unlock(&runqueue);
}
