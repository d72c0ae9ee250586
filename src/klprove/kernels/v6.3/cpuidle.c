/* cpuidle.c - a pass of the idle loop, from interrupts off to interrupts on.
 *
 * Models: cpuidle_idle_call, default_idle_call of kernel/sched/idle.c;
 * cpuidle_enter_state, cpuidle_reflect of drivers/cpuidle/cpuidle.c;
 * ct_cpuidle_enter, ct_cpuidle_exit of include/linux/cpuidle.h; intel_idle of
 * drivers/idle; arch_cpu_idle of arch/x86/kernel/process.c, as in v6.3, after
 * Linux kernel commit a01353cf1896 ("cpuidle: Fix ct_idle_*() usage") (in v6.3)
 * and Linux kernel commit 2b5a0e425e6e ("objtool/idle: Validate __cpuidle code as
 * noinstr") (in v6.3): all that runs with RCU off is noinstr,
 * and the wait ends with interrupts off.
 * Leaves out: as in v5.11; lockdep, for which the two new functions are there.
 */

/* A cpuidle driver from outside the tree need not be marked: -DCPUIDLE_TRACEABLE=1. */
#ifndef CPUIDLE_TRACEABLE
#define CPUIDLE_TRACEABLE 0
#endif
#if CPUIDLE_TRACEABLE
#define __cpuidle
#else
#define __cpuidle noinstr
#endif

static __always_inline noinstr void ct_cpuidle_enter(void)
{
	ct_idle_enter();
}

static __always_inline noinstr void ct_cpuidle_exit(void)
{
	ct_idle_exit();
}

/* Waits with interrupts on: an interrupt ends it, and finds RCU off. */
static noinstr void arch_cpu_idle(void)
{
	raw_local_irq_enable();		/* sti; hlt */
	raw_local_irq_disable();
}

static void default_idle_call(void)
{
	ct_cpuidle_enter();
	arch_cpu_idle();
	ct_cpuidle_exit();
	local_irq_enable();
}

static void tick_broadcast_enter(void)
{
	barrier();
}

/* Waits with interrupts off: mwait ends at one, which is taken later. */
static __cpuidle void intel_idle(void)
{
	barrier();
}

static void cpuidle_enter_state(void)
{
	tick_broadcast_enter();
	ct_cpuidle_enter();
	intel_idle();			/* target_state->enter() */
	ct_cpuidle_exit();
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
