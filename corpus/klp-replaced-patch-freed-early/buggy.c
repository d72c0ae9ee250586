/* klprove: expect violated assert; states 13 */
#include <klprove.h>

/* Atomic replace: the old livepatch is handed to the freeing work before the new
 * one's post_patch() callback, which takes over data of the old one, has run. */
int free_queued;
int old_patch_freed;

__task(0) void klp_complete_transition(void)
{
	WRITE_ONCE(free_queued, 1);	/* schedule_work(&old->free_work) */
	/* clear func->transition and the task states */
	assert(!old_patch_freed);	/* klp_post_patch_callback() */
}

__task(1) void klp_free_patch_work(void)
{
	await(free_queued);
	old_patch_freed = 1;		/* kobject gone, module may unload */
}
