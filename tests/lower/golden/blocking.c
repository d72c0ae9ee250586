/* await is one step with all its reads; await(0) halts; interrupts' flag, choice, NMIs, tasks. */
int a, b;

static bool both(void)
{
	return a && READ_ONCE(b) > 2;
}

__task(0) void f(void)
{
	unsigned long flags;
	int c = choose(3);

	assume(c != 1);
	await(both());
	await(cmpxchg(&a, 0, 1) == 0);
	local_irq_save(flags);
	a = irqs_disabled();
	local_irq_restore(flags);
	schedule();
	reach(after_schedule);
	if (c) {
		finding("state-corrupted");
		await(0);
	}
	await(1);
}

__nmi(0) void n(void)
{
	iret_reenables_nmi();
	local_irq_enable();
	local_irq_disable();
	assert(a == 1 || !b);
	BUG_ON(a);
}
#pragma klprove hardware_nmi
#pragma klprove preempt
