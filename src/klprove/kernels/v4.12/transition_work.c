/* transition_work.c - what the tasks do: they call the patched function.
 *
 * Models: exit_to_usermode_loop of arch/x86/entry/common.c; do_idle of
 * kernel/sched/idle.c; a system call, a kernel thread and an interrupt as
 * examples, as in v4.12.
 * Leaves out: everything else that tasks do. Two calls with nothing of the
 * patched function on the stack between them are two passes of a loop here.
 */
static notrace void wait_for_event(struct task_struct *task)
{
	do
		__schedule(task);
	while (NO_EVENT && !test_bit(TIF_SIGPENDING, &task->thread_flags));
}

/* Its own address is in the interrupt's registers, where no walk looks. */
static notrace void be_preempted(struct task_struct *task, int depth)
{
	const char *address = task->stack[depth];

	task->unreliable = true;
	task->stack[depth] = NULL;
	__schedule(task);
	task->stack[depth] = address;
	task->unreliable = false;
}

/* The patched function, whichever version: it may sleep, and it calls itself once. */
static notrace void patched_function(struct task_struct *task, int depth, bool sleeps)
{
	const char *text = __fentry__();

	frame_begins(task, depth, text);
	READ_ONCE(*text);
	task->stack[depth] = COLD ? cold_part(text) : text;
	if (depth + 1 < DEPTH) {
		if (SLEEPS && sleeps && choose(2)) {
			if (PREEMPTED)
				be_preempted(task, depth);
			else
				wait_for_event(task);
		}
		patched_function(task, depth + 1, false);
		if (EXITS == 1 && !task->kthread)
			release_task(task);
	}
	READ_ONCE(*text);		/* it goes on after the call */
	task->stack[depth] = NULL;
	frame_ends(task, depth);
}

/* Whoever calls a module's function keeps the module. */
static notrace void call(struct task_struct *task, bool sleeps)
{
	if (get_object()) {
		patched_function(task, 0, sleeps);
		put_object();
	}
}

#if INTERRUPTS
__irq(TASK_CPU) notrace void do_IRQ(void)
{
	const char *text;

	preempt_count_add(HARDIRQ_OFFSET);
	text = __fentry__();
	interrupt_runs(runqueue.curr, text);
	READ_ONCE(*text);
	preempt_count_sub(HARDIRQ_OFFSET);
}
#endif

static notrace void exit_to_usermode_loop(struct task_struct *task)
{
	if (klp_patch_pending(task))
		klp_update_patch_state(task);
	if (test_bit(TIF_SIGPENDING, &task->thread_flags))
		clear_bit(TIF_SIGPENDING, &task->thread_flags);
}

#if USER_TASK
__task(TASK_CPU) notrace void user_task(void)
{
	struct task_struct *task = &tasks[USER];

	finish_task_switch(task);
	if (FORKS)
		fork(task);
	for (;;) {
		if (USER_CALLS)
			call(task, true);	/* a system call */
		if (EXITS)
			break;
		exit_to_usermode_loop(task);
		__schedule(task);			/* preempted in user mode */
	}
	if (EXITS == 2)
		release_task(task);
	do_task_dead(task);
}
#endif

#if FORKS
__task(TASK_CPU) notrace void child(void)
{
	struct task_struct *task = &tasks[CHILD];

	while (!READ_ONCE(task->on_list))
		schedule();			/* it is not there yet */
	finish_task_switch(task);
	for (;;) {
		exit_to_usermode_loop(task);
		__schedule(task);
		if (USER_CALLS)
			call(task, true);
	}
}
#endif

#if KTHREAD
__task(TASK_CPU) notrace void kthread(void)
{
	struct task_struct *task = &tasks[WORKER];

	finish_task_switch(task);
	for (;;) {
		call(task, !BUSY_KTHREAD);
		if (BUSY_KTHREAD)
			cond_resched(task);
		else
			__schedule(task);		/* waits for the next request */
	}
}
#endif

__task(TASK_CPU) notrace void do_idle(void)
{
	struct task_struct *task = &tasks[IDLE];

	finish_task_switch(task);
	for (;;) {
		if (IDLE_CALLS)
			call(task, false);	/* a cpuidle driver's, say */
		if (DEEP_IDLE)
			await(READ_ONCE(runqueue.need_resched));
		__schedule(task);			/* schedule_idle() */
		if (klp_patch_pending(task))
			klp_update_patch_state(task);
	}
}
