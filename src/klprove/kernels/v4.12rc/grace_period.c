/* grace_period.c - how long synchronize_rcu() and synchronize_sched() wait for
 * the reader CPU, and schedule_on_each_cpu().
 *
 * Models: force_qs_rnp with dyntick_save_progress_counter and
 * rcu_implicit_dynticks_qs, rcu_check_callbacks, rcu_note_context_switch of
 * kernel/rcu/tree.c and tree_plugin.h; schedule_on_each_cpu of
 * kernel/workqueue.c, as in v4.12; without CONFIG_PREEMPT there is one flavour.
 * Leaves out: the tree of rcu_nodes, callbacks, expedited grace periods,
 * offline CPUs, requests for a heavy quiescent state (they hasten a switch
 * that may come at any time anyway), the updater's own CPU (it sleeps in the
 * wait, which is a quiescent state).
 */
#if NR_CPUS > 1

/* What CPU 0 still owes the grace period of either flavour. */
struct rcu_data {
	bool cpu_no_qs;
};
static DEFINE_PER_CPU(struct rcu_data, rcu_preempt_data);
static DEFINE_PER_CPU(struct rcu_data, rcu_sched_data);

/* A context switch is a quiescent state of both flavours. */
static notrace void rcu_note_context_switch(void)
{
	this_cpu(rcu_sched_data).cpu_no_qs = false;
	if (current->rcu_read_lock_nesting == 0)
		this_cpu(rcu_preempt_data).cpu_no_qs = false;
}

/* The tick, in a hard interrupt. The sched flavour asks what it interrupted:
 * the idle loop, at the first level of interrupts. The preemptible flavour asks
 * only whether a reader is under way. */
static notrace void rcu_check_callbacks(void)
{
	if (rcu_is_cpu_rrupt_from_idle())
		this_cpu(rcu_sched_data).cpu_no_qs = false;
	if (current->rcu_read_lock_nesting == 0)
		this_cpu(rcu_preempt_data).cpu_no_qs = false;
}

/* One grace period. The first look decides at once for a CPU that is in an
 * extended quiescent state; later looks ask for a change since the first. */
static notrace void wait_rcu_gp(struct rcu_data *rdp)
{
	struct rcu_dynticks *rdtp = per_cpu_ptr(&rcu_dynticks, READER_CPUS);
	int dynticks_snap;

	rdp->cpu_no_qs = true;
	dynticks_snap = rcu_dynticks_snap(rdtp);
	if (!rcu_dynticks_in_eqs(dynticks_snap))
		await(!rdp->cpu_no_qs || rcu_dynticks_snap(rdtp) != dynticks_snap);
	rdp->cpu_no_qs = false;
}

static notrace void synchronize_rcu(void)
{
	wait_rcu_gp(per_cpu_ptr(&synchronize_rcu_data, READER_CPUS));
}

static notrace void synchronize_sched(void)
{
	wait_rcu_gp(per_cpu_ptr(&rcu_sched_data, READER_CPUS));
}

/* A work item has run on CPU 0 when its worker thread has, and that needs a
 * switch of tasks: preempt_count 0, interrupts on, task level. We can see the
 * count. With count 0 and interrupts off only the first instructions of an
 * interrupt run, before it counts itself; nothing of livepatch's is held there,
 * so letting the work pass then is the same as just before the interrupt. */
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
