/* grace_period.c - how long synchronize_rcu() waits for the reader CPU, and
 * schedule_on_each_cpu().
 *
 * Models: force_qs_rnp with dyntick_save_progress_counter and
 * rcu_implicit_dynticks_qs, rcu_dynticks_snap, rcu_dynticks_in_eqs,
 * rcu_is_cpu_rrupt_from_idle of kernel/rcu/tree.c; rcu_sched_clock_irq
 * (rcu_flavor_sched_clock_irq) and rcu_note_context_switch of tree_plugin.h;
 * schedule_on_each_cpu of kernel/workqueue.c, as in v6.0 and v6.1: the counter
 * is the context tracking's, and without CONFIG_PREEMPT a tick that finds
 * nothing but itself in preempt_count is a quiescent state, too.
 * Leaves out: as in v4.20.
 */
#if NR_CPUS > 1

/* The grace period's look at a CPU, its own or another. */
static notrace int rcu_dynticks_snap(int cpu)
{
	smp_mb();
	return ct_dynticks_cpu_acquire(cpu);
}

static notrace bool rcu_dynticks_in_eqs(int snap)
{
	return !(snap & RCU_DYNTICKS_IDX);
}

/* Asked by the tick, itself an interrupt: does it come straight from idle? */
static notrace bool rcu_is_cpu_rrupt_from_idle(void)
{
	if (ct_dynticks_nmi_nesting() > 1)
		return false;
	return ct_dynticks_nesting() == 0;
}

/* A reader that is switched out would be queued: ours never is. */
static notrace void rcu_note_context_switch(void)
{
	if (!CONFIG_PREEMPT || current->rcu_read_lock_nesting == 0)
		this_cpu(rcu_data).cpu_no_qs = false;
}

static notrace void rcu_sched_clock_irq(void)
{
	if (!CONFIG_PREEMPT) {
		if (rcu_is_cpu_rrupt_from_idle() || preempt_count() == HARDIRQ_OFFSET)
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
	dynticks_snap = rcu_dynticks_snap(READER_CPUS);
	if (!rcu_dynticks_in_eqs(dynticks_snap))
		await(!rdp->cpu_no_qs || rcu_dynticks_snap(READER_CPUS) != dynticks_snap);
	rdp->cpu_no_qs = false;
}

/* free_module()'s wait. */
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
static inline notrace void rcu_sched_clock_irq(void) { }
static inline notrace void synchronize_rcu(void) { }
static inline notrace void synchronize_sched(void) { }
static inline notrace void schedule_on_each_cpu(void) { }

#endif
