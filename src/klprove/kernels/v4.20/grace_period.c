/* grace_period.c - how long synchronize_rcu() waits for the reader CPU, and
 * schedule_on_each_cpu().
 *
 * Models: force_qs_rnp with dyntick_save_progress_counter and
 * rcu_implicit_dynticks_qs of kernel/rcu/tree.c; rcu_check_callbacks
 * (rcu_flavor_check_callbacks) and rcu_note_context_switch of tree_plugin.h;
 * synchronize_sched of include/linux/rcupdate.h; schedule_on_each_cpu of
 * kernel/workqueue.c, as in v4.20, after Linux kernel commit 3e3100989869 ("rcu:
 * Defer reporting RCU-preempt quiescent states when disabled") (in v4.20),
 * title from memory.
 * Leaves out: as in v4.12; the reports that are put off until preemption comes
 * on again (they come later, never sooner).
 */
#if NR_CPUS > 1

/* A reader that is switched out would be queued: ours never is. */
static notrace void rcu_note_context_switch(void)
{
	if (!CONFIG_PREEMPT || current->rcu_read_lock_nesting == 0)
		this_cpu(rcu_data).cpu_no_qs = false;
}

/* The tick, in a hard interrupt: does what it interrupted read? With preemption
 * that is a reader under way, or preemption or bottom halves off; without, all
 * but the idle loop. */
static notrace void rcu_check_callbacks(void)
{
	if (!CONFIG_PREEMPT) {
		if (rcu_is_cpu_rrupt_from_idle())
			this_cpu(rcu_data).cpu_no_qs = false;
	} else if (current->rcu_read_lock_nesting == 0
		   && !(preempt_count() & (PREEMPT_MASK | SOFTIRQ_MASK))) {
		this_cpu(rcu_data).cpu_no_qs = false;
	}
}

/* One grace period. The first look decides at once for a CPU that is in an
 * extended quiescent state; later looks ask for a change since the first. */
static notrace void synchronize_rcu(void)
{
	struct rcu_data *rdp = per_cpu_ptr(&rcu_data, READER_CPUS);
	int dynticks_snap;

	rdp->cpu_no_qs = true;
	dynticks_snap = rcu_dynticks_snap(rdp);
	if (!rcu_dynticks_in_eqs(dynticks_snap))
		await(!rdp->cpu_no_qs || rcu_dynticks_snap(rdp) != dynticks_snap);
	rdp->cpu_no_qs = false;
}

/* What is left of the other flavour. */
static notrace void synchronize_sched(void)
{
	synchronize_rcu();
}

/* As in v4.12: seen by preempt_count, which is 0 only where a worker could run. */
static notrace void schedule_on_each_cpu(void)
{
	await(per_cpu(__preempt_count, READER_CPUS) == 0);
}

#else	/* one CPU: nobody waits, nobody is asked */

static inline notrace void rcu_note_context_switch(void) { }
static inline notrace void rcu_check_callbacks(void) { }
static inline notrace void synchronize_rcu(void) { }
static inline notrace void synchronize_sched(void) { }
static inline notrace void schedule_on_each_cpu(void) { }

#endif
