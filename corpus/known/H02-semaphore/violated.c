/* klprove: expect violated assert; states 51 */
#include "calls.h"

/* As a livepatch does it: each call asks on which side the task is now. */
__task(0) void madvise(void)
{
	int new = enter(0);

	begin(new);
	leave();
	new = enter(new);		/* it may have been switched in between */
	end(new);
	leave();
	assert(!readers && !writer);	/* else the next writer waits for ever */
}
