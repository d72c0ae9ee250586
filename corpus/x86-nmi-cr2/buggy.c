/* klprove: expect violated assert; states 20 */
#include <klprove.h>

/* An NMI that takes its own page fault between the hardware writing CR2 for the
 * interrupted fault and the fault handler reading it. */
__percpu int cr2;

__task(0) void page_fault(void)
{
	this_cpu(cr2) = 1;		/* hardware: faulting address */
	/* asm entry code: an NMI may hit here */
	assert(this_cpu(cr2) == 1);	/* address = read_cr2() */
}

__nmi(0) void nmi(void)
{
	this_cpu(cr2) = 2;		/* fault on user memory or vmalloc */
}
