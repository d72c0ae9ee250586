/* irq.c - a device interrupt.
 *
 * Models: common_interrupt (DEFINE_IDTENTRY_IRQ) of arch/x86/kernel/irq.c;
 * handle_edge_irq of kernel/irq/chip.c as the first traceable function of the
 * body; the tick's rcu_sched_clock_irq, as in v5.11 and v6.1. The system vectors
 * have the same frame.
 * Leaves out: as in v5.8.
 */
static void handle_edge_irq(struct pt_regs *regs)
{
	body_needs_rcu();
	rcu_sched_clock_irq();	/* as if every interrupt were the tick */
}

/* The entry code is noinstr: what can be patched begins with irq_enter_rcu(). */
__irq(READER_CPUS) noinstr void common_interrupt(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;
	irqentry_state_t state;

	context_begin(&mark);
	state = irqentry_enter(&regs);
	irq_enter_rcu();
	handle_edge_irq(&regs);
	irq_exit_rcu();
	irqentry_exit(&regs, state);
	context_end(&mark);
}
