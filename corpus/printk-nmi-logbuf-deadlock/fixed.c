/* klprove: expect holds; states 658 */
#include <klprove.h>

/* NMI printk never spins on logbuf_lock: it tries once at the moment of use and
 * otherwise stores the message in the per-CPU buffer. */
int logbuf_lock;		/* 0: free, else holder's CPU + 1 */
int cpu0_spins;
int stop_request;
__wraps(1) int nmi_buffer;		/* per-CPU messages, flushed by irq_work */

__task(0) void task(void) { }

__nmi(0) void panic_nmi(void)
{
	stop_request = 1;		/* smp_send_stop() */
	if (cmpxchg(&logbuf_lock, 0, 1) == 0)	/* raw_spin_trylock() */
		logbuf_lock = 0;	/* message stored directly */
	else
		nmi_buffer++;		/* printk_safe_log_store() */
}

__task(1) void printk_on_cpu1(void)
{
	local_irq_disable();
	await(cmpxchg(&logbuf_lock, 0, 2) == 0);
	/* copies the message */
	logbuf_lock = 0;
	local_irq_enable();
}

__nmi(1) void stop_nmi(void)
{
	if (!stop_request)
		return;
	/* this CPU never runs again: is anybody waiting for its lock? */
	assert(!(cpu0_spins && logbuf_lock == 2));
	await(0);
}
