/* klprove: expect holds; states 10 */
#include <klprove.h>

/* Atomic replace: the old livepatch is freed only after the new one's callbacks
 * have run. */
int free_queued;
int old_patch_freed;

__task(0) void klp_complete_transition(void)
{
	/* clear func->transition and the task states */
	assert(!old_patch_freed);	/* klp_post_patch_callback() */
	WRITE_ONCE(free_queued, 1);	/* klp_free_replaced_patches_async() */
}

__task(1) void klp_free_patch_work(void)
{
	await(free_queued);
	old_patch_freed = 1;		/* kobject gone, module may unload */
}
