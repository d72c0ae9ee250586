/* traps.c - exceptions on stacks of their own, which can hit any instruction.
 *
 * Models: exc_debug_kernel of arch/x86/kernel/traps.c, with
 * hw_breakpoint_exceptions_notify of hw_breakpoint.c as what it calls, through
 * notify_die (notrace) and atomic_notifier_call_chain of kernel/notifier.c, a
 * read-side section; exc_machine_check_kernel, do_machine_check, mce_log of
 * arch/x86/kernel/cpu/mce/core.c; the entry code (paranoid, so no work on
 * return), as in v5.11 and v6.1.
 * Leaves out: exceptions from user mode; #DF (does not return); int3 (the same
 * frame); the chain's own functions as sites; a #DB on a kernel text address in
 * noinstr code (refused by the kernel: what is left is a watchpoint on data,
 * which can hit at any access).
 *
 * One context function stands for both vectors: they differ in names and
 * bodies only, and a bound on arrivals then counts exceptions.
 */
static int hw_breakpoint_exceptions_notify(struct pt_regs *regs)
{
	body_needs_rcu();
	return 0;
}

static __always_inline noinstr void exc_debug_kernel(struct pt_regs *regs)
{
	unsigned long dr7 = local_db_save();
	irqentry_state_t irq_state = irqentry_nmi_enter(regs);

	rcu_read_lock();
	hw_breakpoint_exceptions_notify(regs);
	rcu_read_unlock();

	irqentry_nmi_exit(regs, irq_state);
	local_db_restore(dr7);
}

static void mce_log(void)
{
	body_needs_rcu();
}

static noinstr void do_machine_check(struct pt_regs *regs)
{
	mce_log();
}

static __always_inline noinstr void exc_machine_check_kernel(struct pt_regs *regs)
{
	unsigned long dr7 = local_db_save();
	irqentry_state_t irq_state = irqentry_nmi_enter(regs);

	do_machine_check(regs);

	irqentry_nmi_exit(regs, irq_state);
	local_db_restore(dr7);
}

/* Hardware: with no breakpoint armed there is no #DB. */
__ghost static void breakpoint_hit(void)
{
	assume(this_cpu(cpu_dr7) != 0);
}

__exception(READER_CPUS) noinstr void paranoid_idtentry(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;

	context_begin(&mark);
	if (choose(2)) {
		exc_machine_check_kernel(&regs);
	} else {
		breakpoint_hit();
		exc_debug_kernel(&regs);
	}
	context_end(&mark);
}
