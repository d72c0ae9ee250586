/* sched_idle.c - the reader CPU's process level: an ordinary task, then a pass
 * of the idle loop, for ever.
 *
 * Models: do_idle of kernel/sched/idle.c; vfs_read of fs/read_write.c as an
 * example of ordinary code, after a reader as fdget() is one, as in v5.11; the
 * idle loop's pass is in cpuidle.c.
 * Leaves out: as in v4.12.
 */
static int file_table = 3;

static void vfs_read(void)
{
	READ_ONCE(file_table);
}

static void sys_read(void)
{
	rcu_read_lock();
	READ_ONCE(file_table);
	rcu_read_unlock();
	vfs_read();
}

/* schedule_idle(), there and back: the idle task's preempt_count is one higher. */
static notrace void context_switch(unsigned int flags, int count_change)
{
	local_irq_disable();
	rcu_note_context_switch();
	current->flags = flags;
	preempt_count_add(count_change);
	local_irq_enable();
}

/* The idle task is do_idle(), for ever: cpuidle_idle_call, then schedule_idle,
 * which runs the ordinary task and comes back, then the idle task's own switch
 * point. The circle is entered in the ordinary task. */
__task(READER_CPUS) notrace void cpu_startup_entry(void)
{
	for (;;) {
		sys_read();
		context_switch(PF_IDLE, PREEMPT_OFFSET);
		if (klp_patch_pending(current))
			klp_update_patch_state(current);
		local_irq_disable();
		cpuidle_idle_call();
		context_switch(0, -PREEMPT_OFFSET);
		if (!task_state_right()) {
			finding("state-corrupted");
			await(0);
		}
		reach(idle_pass_done);
	}
}
