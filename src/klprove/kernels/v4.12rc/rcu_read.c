/* rcu_read.c - readers of preemptible RCU.
 *
 * Models: __rcu_read_lock, __rcu_read_unlock of kernel/rcu/update.c (moved to
 * tree_plugin.h in v4.14), as in v4.12; without CONFIG_PREEMPT the macros below.
 * Leaves out: rcu_read_unlock_special (boosting, blocked readers: our readers
 * are not preempted).
 */
#define RCU_NEST_UNLOCKING	(-0x7fffffff - 1)	/* INT_MIN */

static void __rcu_read_lock(void)
{
	current->rcu_read_lock_nesting++;
	barrier();
}

/* Negative for a moment, so that nested code cannot take this reader for gone
 * nor end it a second time. */
static void __rcu_read_unlock(void)
{
	int nesting = current->rcu_read_lock_nesting;

	barrier();
	if (nesting != 1) {
		current->rcu_read_lock_nesting = nesting - 1;
	} else {
		current->rcu_read_lock_nesting = RCU_NEST_UNLOCKING;
		barrier();
		current->rcu_read_lock_nesting = 0;
	}
}

#if CONFIG_PREEMPT
#define rcu_read_lock()		__rcu_read_lock()
#define rcu_read_unlock()	__rcu_read_unlock()
#define synchronize_rcu_data	rcu_preempt_data
#else
#define rcu_read_lock()		preempt_disable()
#define rcu_read_unlock()	preempt_enable()
#define synchronize_rcu_data	rcu_sched_data
#endif
