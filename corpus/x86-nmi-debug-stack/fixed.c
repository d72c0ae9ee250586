/* klprove: expect holds; states 40 */
#include <klprove.h>

/* The NMI looks at the interrupted stack pointer; if that is the debug stack it
 * loads an IDT in which breakpoints stay on the current stack. */
__percpu int dbg_stack;		/* saved frame at the top, 0: unused */
__percpu int idt_without_ist;

static void breakpoint(int frame)
{
	if (this_cpu(idt_without_ist))
		return;			/* frame goes on the NMI's own stack */
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
	int was_on_debug_stack = this_cpu(dbg_stack) != 0;

	if (was_on_debug_stack)
		this_cpu(idt_without_ist) = 1;
	breakpoint(2);		/* the NMI handler runs over an int3, too */
	if (was_on_debug_stack)
		this_cpu(idt_without_ist) = 0;
}
