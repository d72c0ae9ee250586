/* klprove: expect holds; states 144 */
#include <klprove.h>

/* irq_work_run_list(): clears PENDING, runs the work, then tries to clear BUSY
 * with a cmpxchg() from the value that is really there. */
enum { PENDING = 1, BUSY = 2 };
int flags;

static void claim(void)		/* irq_work_queue(): from any context */
{
	int old;

	do {
		old = READ_ONCE(flags);
		if (old & PENDING)
			return;
	} while (cmpxchg(&flags, old, PENDING | BUSY) != old);
}

__task(0) void task(void) { claim(); }

__nmi(0) void nmi(void) { claim(); }

__irq(0) void irq_work_run(void)
{
	int old, now;

	if (!(READ_ONCE(flags) & PENDING))
		return;
	do {
		old = READ_ONCE(flags);
	} while (cmpxchg(&flags, old, old & ~PENDING) != old);
	/* work->func(work) */
	old &= ~PENDING;	/* this is what flags holds now */
	cmpxchg(&flags, old, old & ~BUSY);
	now = READ_ONCE(flags);
	/* irq_work_sync() waits for !BUSY: it must be gone or claimed anew */
	assert(!(now & BUSY) || (now & PENDING));
}
