/* traced.c - a tracepoint fires in an ordinary task, and RCU is told of it as of an interrupt.
 *
 * Models: __DO_TRACE of include/linux/tracepoint.h with rcuidle, as in v6.0 and v6.1: trace_rpm_usage()
 * and others that may fire with RCU off call it so wherever they are. v6.12 has none of them on x86.
 * Leaves out: SRCU, the probe.
 */
static void tracepoint(void)
{
	ct_irq_enter_irqson();
	ct_irq_exit_irqson();
}

static void vfs_read(void)
{
	preempt_disable_notrace();
	tracepoint();
	preempt_enable_notrace();
}
