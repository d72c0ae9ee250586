/* transition_fork.c - tasks come and go.
 *
 * Models: setup_thread_stack, copy_process of kernel/fork.c; klp_copy_process of
 * kernel/livepatch/transition.c; release_task of kernel/exit.c; tasklist_lock,
 * as in v4.12. Diverges at Linux kernel commit 747f7a290117 ("livepatch: fix race
 * between fork and KLP transition") (in v6.1).
 * Leaves out: everything else that a fork copies; that readers of the list may
 * be several.
 */
static notrace void exit_to_usermode_loop(struct task_struct *task);

/* Called with the tasklist lock held; the flag was copied long before. */
static notrace void klp_copy_process(struct task_struct *child, struct task_struct *parent)
{
	child->patch_state = parent->patch_state;
}

static notrace void fork(struct task_struct *parent)
{
#if FORKS
	struct task_struct *child = &tasks[CHILD];

	child->thread_flags = parent->thread_flags;	/* setup_thread_stack() */
	__schedule(parent);				/* waits for memory */
	lock_tasklist();
	klp_copy_process(child, parent);
	child->on_list = true;
	unlock_tasklist();
	exit_to_usermode_loop(parent);
#endif
}

static notrace void release_task(struct task_struct *task)
{
	lock_tasklist();
	task->on_list = false;
	unlock_tasklist();
}
