/* klprove: expect violated assert; states 8 */
#include <klprove.h>

/* A fault inside a context-tracking probe: the exception entry calls the same
 * probe before the faulting address has been mapped. */
int mapped;			/* vmalloc area present in this page table */
__percpu int fault_depth;
__percpu int user_state = 1;	/* CONTEXT_USER */

static void context_tracking(int user);

static void page_fault(void)
{
	this_cpu(fault_depth)++;
	assert(this_cpu(fault_depth) <= 1);	/* else: endless fault loop */
	context_tracking(0);		/* exception_enter() */
	mapped = 1;			/* vmalloc_fault() */
	this_cpu(fault_depth)--;
}

static void touch_vmalloc(void)
{
	if (!mapped)
		page_fault();
}

static void context_tracking(int user)
{
	touch_vmalloc();		/* probe data lives in vmalloc space */
	this_cpu(user_state) = user;
}

__task(0) void syscall(void)
{
	context_tracking(0);		/* user_exit() */
	context_tracking(1);		/* user_enter() */
}
