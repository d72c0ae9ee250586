/* klprove: expect violated assert; states 15 */
#include <klprove.h>

/* The callback skips its own recursion test when an outer (list function) test
 * was made.  Wrong when the callback is called directly the second time. */
enum { BIT_FUNC = 1, BIT_INTERNAL = 16 };
__percpu int recursion;
__percpu int depth;

static void traced_function_2(void);

static int trylock_func(void)
{
	if (this_cpu(recursion) >= BIT_INTERNAL)
		return 0;		/* caller already tested: skip */
	if (this_cpu(recursion) & BIT_FUNC)
		return -1;
	this_cpu(recursion) |= BIT_FUNC;
	return BIT_FUNC;
}

static void callback(void)
{
	int bit = trylock_func();

	if (bit < 0)
		return;
	this_cpu(depth)++;
	assert(this_cpu(depth) <= 2);	/* else: endless recursion */
	traced_function_2();		/* helper used by the callback */
	this_cpu(depth)--;
	this_cpu(recursion) &= ~bit;
}

static void traced_function_2(void)
{
	callback();	/* only this callback is attached: called directly */
}

static void list_function(void)	/* several callbacks on one function */
{
	if (this_cpu(recursion) & BIT_INTERNAL)
		return;
	this_cpu(recursion) |= BIT_INTERNAL;
	callback();
	this_cpu(recursion) &= ~BIT_INTERNAL;
}

__task(0) void traced_function_1(void)
{
	list_function();
}
