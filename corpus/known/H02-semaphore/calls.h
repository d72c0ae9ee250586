#include <klprove.h>

/* begin() takes a semaphore and returns with it, end() gives it back. A livepatch
 * replaces both: the old pair takes it for reading, the new one for writing. */
enum { OUT, IN, SWITCHED };
int stack;			/* is begin() or end() on the task's stack? */
int readers;
int writer;

static void begin(int new)
{
	if (new)
		await(!writer && !readers);
	else
		await(!writer);
	if (new)
		writer = 1;
	else
		readers++;
}

static void end(int new)
{
	if (new)
		writer = 0;
	else
		readers--;
}

/* The first instruction of a patched function: on which side is the task? */
static int enter(int new)
{
	return xchg(&stack, IN) == SWITCHED || new;
}

static void leave(void)
{
	WRITE_ONCE(stack, OUT);
}

/* The transition: no patched function on its stack, so it is switched. */
__task(1) void klp_try_switch_task(void)
{
	await(cmpxchg(&stack, OUT, SWITCHED) == OUT);
}
