/* klprove: expect holds; nest nmi=3; states 198 */
#include <klprove.h>

/* Three NMI states.  A nested NMI only leaves a note (LATCHED) and returns; the
 * first one runs the handler again when it finds the note on its way out. */
enum { NOT_RUNNING, EXECUTING, LATCHED };
__percpu int nmi_state;
__percpu int in_handler;

static void breakpoint(void)
{
	iret_reenables_nmi();		/* #BP handler returns with iret */
}

__task(0) void work(void) { }

__nmi(0) void nmi(void)
{
	if (this_cpu(nmi_state) != NOT_RUNNING) {
		this_cpu(nmi_state) = LATCHED;
		return;
	}
	do {
		this_cpu(nmi_state) = EXECUTING;
		assert(!this_cpu(in_handler));
		this_cpu(in_handler) = 1;
		breakpoint();
		this_cpu(in_handler) = 0;
	} while (cmpxchg(&this_cpu(nmi_state), EXECUTING, NOT_RUNNING) != EXECUTING);
}
