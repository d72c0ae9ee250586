/*
 * Two to four CPUs that do the same: each takes a lock twice, and counts how
 * often in a variable of its own. For the reduction by symmetry; nothing else in
 * bench/ or corpus/ has CPUs that can be exchanged.
 *
 *   -D NCPU=2|3|4
 */
#include <klprove.h>

#ifndef NCPU
#define NCPU	2
#endif

static int lock, owned;
static DEFINE_PER_CPU(int, taken);

static void worker(void)
{
	for (int i = 0; i < 2; i++) {
		while (cmpxchg(&lock, 0, 1))
			cpu_relax();
		assert(!owned);
		owned = 1;
		this_cpu(taken) = this_cpu(taken) + 1;
		owned = 0;
		WRITE_ONCE(lock, 0);
	}
	assert(this_cpu(taken) == 2);
}

__task(0) void worker0(void) { worker(); }
__task(1) void worker1(void) { worker(); }
#if NCPU > 2
__task(2) void worker2(void) { worker(); }
#endif
#if NCPU > 3
__task(3) void worker3(void) { worker(); }
#endif
