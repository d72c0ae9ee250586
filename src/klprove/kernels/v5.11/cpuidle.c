/* cpuidle.c - a pass of the idle loop, from interrupts off to interrupts on.
 *
 * Models: cpuidle_idle_call, default_idle_call of kernel/sched/idle.c;
 * cpuidle_enter_state, cpuidle_reflect of drivers/cpuidle/cpuidle.c; intel_idle
 * of drivers/idle; arch_cpu_idle of arch/x86/kernel/process.c, as in v5.11,
 * after Linux kernel commit 1098582a0f6c ("sched,idle,rcu: Push rcu_idle deeper
 * into the idle path") (in v5.10): RCU goes off right around the wait, so what
 * is left to patch there is the wait itself.
 * Leaves out: cpu_idle_poll, tick_nohz_*, polling and need_resched; suspend to
 * idle; drivers that call RCU themselves.
 */

/* Waits with interrupts on: an interrupt ends it, and finds RCU off. */
static void arch_cpu_idle(void)
{
	raw_local_irq_enable();		/* sti; hlt */
}

static void default_idle_call(void)
{
	rcu_idle_enter();
	arch_cpu_idle();
	raw_local_irq_disable();
	rcu_idle_exit();
	raw_local_irq_enable();
}

static void tick_broadcast_enter(void)
{
	barrier();
}

/* Waits with interrupts off: mwait ends at one, which is taken later. */
static void intel_idle(void)
{
	barrier();
}

static void cpuidle_enter_state(void)
{
	tick_broadcast_enter();
	rcu_idle_enter();
	intel_idle();			/* target_state->enter() */
	rcu_idle_exit();
	local_irq_enable();
}

/* The governor looks at how long the CPU slept. */
static void cpuidle_reflect(void)
{
	barrier();
}

static void cpuidle_idle_call(void)
{
	if (choose(2)) {
		default_idle_call();	/* no cpuidle driver */
		return;
	}
	cpuidle_enter_state();
	cpuidle_reflect();
}
