/* traps.c - exceptions on stacks of their own, which can hit any instruction.
 *
 * Models: ist_enter, ist_exit, do_debug of arch/x86/kernel/traps.c;
 * do_machine_check of arch/x86/kernel/cpu/mcheck/mce.c;
 * hw_breakpoint_exceptions_notify of arch/x86/kernel/hw_breakpoint.c, which
 * do_debug calls through notify_die (notrace) and atomic_notifier_call_chain of
 * kernel/notifier.c, a read-side section; the entry code (paranoid, so no work
 * on return), as in v4.12. Diverges at Linux kernel commit 0d00449c7a28
 * ("x86: Replace ist_enter() with nmi_enter()") (in v5.8).
 * Leaves out: exceptions from user mode; #DF (does not return); int3 (do_int3
 * is notrace, its frame is do_debug's from ist_enter on); the chain's own
 * functions as sites; do_debug's enabling of interrupts after that call (where
 * RCU was off, an interrupt there meets a nesting that v4.12 itself gets wrong;
 * rcu_irq.c of v4.14 says what changed); code of #MC before ist_enter on an
 * offline CPU; int3's own stack slots and the debug stack switch.
 *
 * One context function stands for both vectors: they differ in names and
 * bodies only, and a bound on arrivals then counts exceptions.
 */

/* The NMI bit of preempt_count is deliberately not set. */
static void ist_enter(struct pt_regs *regs)
{
	rcu_nmi_enter();
	preempt_disable();
}

static void ist_exit(struct pt_regs *regs)
{
	preempt_enable_no_resched();
	rcu_nmi_exit();
}

static int hw_breakpoint_exceptions_notify(struct pt_regs *regs)
{
	body_needs_rcu();
	return 0;
}

static void do_debug(struct pt_regs *regs, long error_code)
{
	ist_enter(regs);
	rcu_read_lock();
	hw_breakpoint_exceptions_notify(regs);
	rcu_read_unlock();
	ist_exit(regs);
}

static void do_machine_check(struct pt_regs *regs, long error_code)
{
	ist_enter(regs);
	body_needs_rcu();
	ist_exit(regs);
}

__exception(READER_CPUS) notrace void paranoid_idtentry(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;

	context_begin(&mark);
	if (choose(2))
		do_machine_check(&regs, 0);
	else
		do_debug(&regs, 0);
	context_end(&mark);
}
