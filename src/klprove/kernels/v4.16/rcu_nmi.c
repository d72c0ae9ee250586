/* rcu_nmi.c - RCU is told of NMIs, of exceptions, and of interrupts too.
 *
 * Models: rcu_nmi_enter, rcu_nmi_exit of kernel/rcu/tree.c, as in v4.16: the
 * nesting is a long, and large at process level outside idle.
 * Leaves out: tracepoints.
 */

/* RCU is made to watch first and the nesting is counted after, so that an NMI
 * between the two finds RCU watching and adds 2. */
static void rcu_nmi_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	long incby = 2;

	WARN_ON_ONCE(rdtp->dynticks_nmi_nesting < 0);
	if (rcu_dynticks_curr_cpu_in_eqs()) {
		rcu_dynticks_eqs_exit();
		incby = 1;
	}
	rdtp->dynticks_nmi_nesting += incby;
	barrier();
}

/* The level that found RCU off counted 1, so it alone sees 1 here. */
static void rcu_nmi_exit(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	long nesting = rdtp->dynticks_nmi_nesting;

	WARN_ON_ONCE(nesting <= 0);
	WARN_ON_ONCE(rcu_dynticks_curr_cpu_in_eqs());
	if (nesting != 1) {
		rdtp->dynticks_nmi_nesting = nesting - 2;
		return;
	}
	rdtp->dynticks_nmi_nesting = 0;
	rcu_dynticks_eqs_enter();
}
