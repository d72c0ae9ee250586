/* klprove: expect holds; states 27 */
#include <klprove.h>

/* A fault inside a context-tracking probe: the nested probe sees the per-CPU
 * recursion count and backs off, so the fault can be repaired. */
int mapped;			/* vmalloc area present in this page table */
__percpu int fault_depth;
__percpu int recursion;		/* inside a context-tracking transition */
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
	this_cpu(recursion)++;
	if (this_cpu(recursion) == 1) {
		touch_vmalloc();	/* probe data lives in vmalloc space */
		this_cpu(user_state) = user;
	}
	this_cpu(recursion)--;
}

__task(0) void syscall(void)
{
	context_tracking(0);		/* user_exit() */
	context_tracking(1);		/* user_enter() */
}
