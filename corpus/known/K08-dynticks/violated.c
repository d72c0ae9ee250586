/* klprove: expect violated assert; nest nmi=1; arrivals irq=1,nmi=1; states 17296 */

/* Preemptible RCU of 2.6.25 with its hooks for interrupts and NMIs: the test
 * for a CPU that has gone idle looks at the snapshot. */
int dynticks = 1;	/* CPU 0's dynticks_progress_counter, even = idle */
int update_flag;	/* CPU 0's rcu_update_flag: interrupts that woke RCU up */
int in_interrupt;	/* levels of interrupts and NMIs on CPU 0 */
int idle_for_good;

static int waitack_needed(int snap)
{
	int curr = dynticks;

	smp_mb();
	if (curr == snap && (curr & 1) == 0)
		return 0;	/* idle all the time */
	if (curr - snap > 2 || (snap & 1) == 0)
		return 0;	/* idle now, or passed through idle */
	return 1;
}

static void rcu_irq_enter(void)
{
	if (update_flag)
		update_flag++;
	if (!in_interrupt && (dynticks & 1) == 0) {
		dynticks++;
		smp_mb();
		update_flag++;
	}
}

static void rcu_irq_exit(void)
{
	if (update_flag && --update_flag == 0) {
		smp_mb();
		dynticks++;
	}
}

static void interrupt(void)
{
	assume(!idle_for_good);	/* the question is about a CPU that stays idle */
	rcu_irq_enter();
	in_interrupt++;
	in_interrupt--;
	rcu_irq_exit();
}

__irq(0) void irq(void)
{
	interrupt();
}

__nmi(0) void nmi(void)
{
	interrupt();
}

__task(0) void cpu0(void)
{
	dynticks++;		/* rcu_enter_nohz() */
	dynticks++;		/* rcu_exit_nohz() */
	smp_mb();
	dynticks++;		/* idle, and nobody will answer */
	idle_for_good = 1;
}

__task(1) void grace_period(void)
{
	int snap = dynticks;
	int idle;

	while (1) {
		idle = idle_for_good;
		if (!waitack_needed(snap))
			return;
		assert(!idle);	/* would wait for an idle CPU for ever */
	}
}
