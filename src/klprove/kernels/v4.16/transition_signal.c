/* transition_signal.c - tasks that lag behind are told so.
 *
 * Models: klp_send_signals of kernel/livepatch/transition.c after Linux kernel
 * commit 43347d56c8d9 ("livepatch: send a fake signal to all blocking tasks") (in
 * v4.16); signal_wake_up of kernel/signal.c.
 * Leaves out: who asks for it: the administrator, or from v5.1 on the work item
 * every 15 attempts; here any attempt that fails may. That a kernel thread is
 * woken: it finds nothing to do and sleeps on.
 */
static notrace void klp_send_signals(void)
{
	struct task_struct *task;

	if (!choose(2))
		return;
	lock_tasklist();
	for_each_task(task)
		if (!task->kthread && klp_patch_pending(task))
			set_bit(TIF_SIGPENDING, &task->thread_flags);
	unlock_tasklist();
}
