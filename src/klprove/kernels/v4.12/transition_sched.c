/* transition_sched.c - the tasks' CPU: who runs, who sleeps.
 *
 * Models: __schedule and task_rq_lock, task_curr of kernel/sched/core.c, as in
 * v4.12.
 * Leaves out: run queues (every task that waits may be the next), preemption in
 * kernel mode, migration. The lock is taken by the task that leaves and given
 * back by the one that comes.
 */
static notrace void rq_lock(struct rq *rq)
{
	await(cmpxchg(&rq->lock, 0, 1) == 0);
}

static notrace void rq_unlock(struct rq *rq)
{
	smp_store_release(&rq->lock, 0);
}

/* tasklist_lock, for those who walk over the tasks; see transition_fork.c. */
static int tasklist_lock;

static notrace void lock_tasklist(void)
{
	await(cmpxchg(&tasklist_lock, 0, 1) == 0);
}

static notrace void unlock_tasklist(void)
{
	smp_store_release(&tasklist_lock, 0);
}

/* Also where a task begins. */
static notrace void finish_task_switch(struct task_struct *task)
{
	runqueue.curr = task;
	rq_unlock(&runqueue);
	local_irq_enable();
}

static notrace void __schedule(struct task_struct *prev)
{
	local_irq_disable();
	rq_lock(&runqueue);
	if (DEEP_IDLE)
		runqueue.need_resched = false;
	schedule();
	finish_task_switch(prev);
}

/* The last time. Whoever comes next gives the lock back. */
static notrace void do_task_dead(struct task_struct *prev)
{
	local_irq_disable();
	rq_lock(&runqueue);
}

static inline notrace bool task_curr(struct task_struct *task)
{
	return runqueue.curr == task;
}
