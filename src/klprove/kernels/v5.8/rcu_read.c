/* rcu_read.c - readers of preemptible RCU.
 *
 * Models: __rcu_read_lock, __rcu_read_unlock, rcu_preempt_read_enter,
 * rcu_preempt_read_exit of kernel/rcu/tree_plugin.h, as in v5.8 and v6.1, after
 * Linux kernel commit 5f5fa7ea89dc ("rcu: Don't use negative nesting depth in
 * __rcu_read_unlock()") (in v5.8); without CONFIG_PREEMPT the macros below.
 * Leaves out: as in v4.12.
 */
static __always_inline notrace void rcu_preempt_read_enter(void)
{
	WRITE_ONCE(current->rcu_read_lock_nesting, READ_ONCE(current->rcu_read_lock_nesting) + 1);
}

static __always_inline notrace int rcu_preempt_read_exit(void)
{
	int ret = READ_ONCE(current->rcu_read_lock_nesting) - 1;

	WRITE_ONCE(current->rcu_read_lock_nesting, ret);
	return ret;
}

static void __rcu_read_lock(void)
{
	rcu_preempt_read_enter();
	barrier();
}

static void __rcu_read_unlock(void)
{
	barrier();
	rcu_preempt_read_exit();
}

#if CONFIG_PREEMPT
#define rcu_read_lock()		__rcu_read_lock()
#define rcu_read_unlock()	__rcu_read_unlock()
#else
#define rcu_read_lock()		preempt_disable()
#define rcu_read_unlock()	preempt_enable()
#endif
