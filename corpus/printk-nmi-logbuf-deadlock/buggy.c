/* klprove: expect violated assert deadlock; states 706 */
#include <klprove.h>

/* NMI printk looks at logbuf_lock once, on NMI entry, and later spins on it.  In
 * between CPU 1 takes the lock and is stopped for good by the panic NMI. */
int logbuf_lock;		/* 0: free, else holder's CPU + 1 */
int cpu0_spins;
int stop_request;

__task(0) void task(void) { }

__nmi(0) void panic_nmi(void)
{
	int direct = logbuf_lock == 0;	/* printk_nmi_enter() */

	stop_request = 1;		/* smp_send_stop() */
	if (direct) {
		cpu0_spins = 1;
		await(cmpxchg(&logbuf_lock, 0, 1) == 0);
		cpu0_spins = 0;
		logbuf_lock = 0;	/* message stored directly */
	}
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
