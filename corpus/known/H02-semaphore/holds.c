/* klprove: expect holds; states 49 */
#include "calls.h"

/* The contract of a pair that is under way is kept. */
__task(0) void madvise(void)
{
	int new = enter(0), mark;

	begin(new);
	mark = new;			/* a shadow variable says who took it */
	leave();
	enter(new);
	end(mark);			/* ... and so who gives it back */
	leave();
	assert(!readers && !writer);
}
