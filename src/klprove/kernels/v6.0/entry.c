/* entry.c - RCU on the way into and out of interrupts, NMIs and exceptions.
 *
 * Models: irqentry_enter, irqentry_exit, irqentry_nmi_enter, irqentry_nmi_exit
 * of kernel/entry/common.c, as in v6.0 and v6.1.
 * Leaves out: as in v5.8.
 */
typedef struct irqentry_state {
	union {
		bool exit_rcu;
		bool lockdep;
	};
} irqentry_state_t;

static noinstr irqentry_state_t irqentry_enter(struct pt_regs *regs)
{
	irqentry_state_t ret = {
		.exit_rcu = false,
	};

	if (is_idle_task(current)) {
		ct_irq_enter();
		ret.exit_rcu = true;
	}
	return ret;
}

static noinstr void irqentry_exit(struct pt_regs *regs, irqentry_state_t state)
{
	if (state.exit_rcu)
		ct_irq_exit();
}

static noinstr irqentry_state_t irqentry_nmi_enter(struct pt_regs *regs)
{
	irqentry_state_t irq_state = { 0 };

	__nmi_enter();
	ct_nmi_enter();
	return irq_state;
}

static noinstr void irqentry_nmi_exit(struct pt_regs *regs, irqentry_state_t irq_state)
{
	ct_nmi_exit();
	__nmi_exit();
}
