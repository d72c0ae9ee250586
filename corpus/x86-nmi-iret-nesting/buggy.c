/* klprove: expect violated assert; nest nmi=3; states 36 */
#include <klprove.h>

/* An NMI handler that hits a breakpoint: the breakpoint's iret unmasks NMIs,
 * so a second NMI re-enters code that is not re-entrant. */
__percpu int in_handler;

static void breakpoint(void)
{
	iret_reenables_nmi();		/* #BP handler returns with iret */
}

__task(0) void work(void) { }

__nmi(0) void nmi(void)
{
	assert(!this_cpu(in_handler));	/* one stack frame, one handler */
	this_cpu(in_handler) = 1;
	breakpoint();
	this_cpu(in_handler) = 0;
}
