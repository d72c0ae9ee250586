/* irq.c - a device interrupt.
 *
 * Models: do_IRQ of arch/x86/kernel/irq.c, handle_irq of irq_64.c, and the
 * entry code that calls do_IRQ, as in v4.12. The APIC vectors (timer,
 * reschedule, function calls) have the same frame: irq_enter, body, irq_exit.
 * Leaves out: vectors and descriptors, interrupts from user mode, the
 * preemption of ordinary code on the way out.
 */
static bool handle_irq(struct pt_regs *regs)
{
	body_needs_rcu();
	rcu_check_callbacks();	/* as if every interrupt were the tick */
	return true;
}

static unsigned int do_IRQ(struct pt_regs *regs)
{
	irq_enter();
	handle_irq(regs);
	irq_exit();
	return 1;
}

/* Assembly: nothing traceable, RCU and preempt_count as interrupted. */
__irq(READER_CPUS) notrace void common_interrupt(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;

	context_begin(&mark);
	do_IRQ(&regs);
	context_end(&mark);
}
