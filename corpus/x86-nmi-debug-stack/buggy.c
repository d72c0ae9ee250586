/* klprove: expect violated assert; states 29 */
#include <klprove.h>

/* Breakpoint -> NMI -> breakpoint on x86-64: each #BP/#DB starts at the same
 * fixed top of the debug IST stack and overwrites the interrupted frame. */
__percpu int dbg_stack;		/* saved frame at the top, 0: unused */

static void breakpoint(int frame)
{
	this_cpu(dbg_stack) = frame;		/* CPU pushes at the fixed top */
	/* handler body */
	assert(this_cpu(dbg_stack) == frame);	/* iret pops it again */
	this_cpu(dbg_stack) = 0;
}

__task(0) void traced_code(void)
{
	breakpoint(1);
}

__nmi(0) void nmi(void)
{
	breakpoint(2);		/* the NMI handler runs over an int3, too */
}
