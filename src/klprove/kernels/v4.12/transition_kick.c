/* transition_kick.c - an idle CPU is told to go once through its loop.
 *
 * Models: nothing: v4.12 waits until the CPU does so by itself. Diverges at
 * Linux kernel commit 5de62ea84abd ("sched,livepatch: Use wake_up_if_idle()")
 * (in v5.16).
 * Leaves out: nothing.
 */
static notrace void klp_kick_idle(struct task_struct *task)
{
}
