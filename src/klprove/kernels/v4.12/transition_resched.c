/* transition_resched.c - a thread that never sleeps may be asked to let others run.
 *
 * Models: _cond_resched of kernel/sched/core.c as far as livepatch is concerned:
 * nothing, in v4.12. Diverges at Linux kernel commit e3ff7c609f39
 * ("livepatch,sched: Add livepatch task switching to cond_resched()") (in v6.4).
 * Leaves out: that another task may run instead: there is none that waits.
 */
static notrace void cond_resched(struct task_struct *task)
{
}
