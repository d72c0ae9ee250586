/* klprove: expect holds; states 24 */
#include <klprove.h>

/* The NMI saves CR2 on entry and writes it back if its own faults changed it. */
__percpu int cr2;

__task(0) void page_fault(void)
{
	this_cpu(cr2) = 1;		/* hardware: faulting address */
	assert(this_cpu(cr2) == 1);	/* address = read_cr2() */
}

__nmi(0) void nmi(void)
{
	int saved = this_cpu(cr2);

	this_cpu(cr2) = 2;		/* fault on user memory or vmalloc */
	if (this_cpu(cr2) != saved)
		this_cpu(cr2) = saved;
}
