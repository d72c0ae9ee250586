/* 05.c - rcu_dynticks_eqs_enter() says when it stands before the addition, and
 * the NMI's body says what its rcu_nmi_enter() has found there: an even
 * nesting means that RCU was watching.
 */
static __percpu int additions_ahead;

__ghost static void before_addition(int count)
{
	this_cpu(additions_ahead) += count;
}

__ghost static void say_what_was_found(void)
{
	if (!this_cpu(additions_ahead))
		return;
	if (this_cpu(rcu_dynticks).dynticks_nmi_nesting & 1)
		finding("nmi-finds-rcu-off");
	else
		finding("nmi-finds-rcu-watching");
}

static void rcu_dynticks_eqs_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	int seq;

	before_addition(1);
	seq = atomic_add_return(RCU_DYNTICK_CTRL_CTR, &rdtp->dynticks);
	before_addition(-1);
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & RCU_DYNTICK_CTRL_CTR));
	WARN_ON_ONCE(CONFIG_RCU_EQS_DEBUG && (seq & RCU_DYNTICK_CTRL_MASK));
}

static void default_do_nmi(struct pt_regs *regs)
{
	say_what_was_found();
	rcu_read_lock();
	body_needs_rcu();
	rcu_read_unlock();
}
