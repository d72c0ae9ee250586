/* transition_force.c - the administrator does not wait any longer.
 *
 * Models: klp_force_transition of kernel/livepatch/transition.c after Linux
 * kernel commit c99a2be790b0 ("livepatch: force transition to finish") (in v4.16).
 * Diverges at Linux kernel commit 68007289bf3c ("livepatch: Don't block the
 * removal of patches loaded after a forced transition") (in v5.1).
 * Leaves out: messages. (Both ids are from memory.)
 */
static bool klp_forced;		/* once and for all: no livepatch's module may go */

static notrace void klp_force_transition(void)
{
	struct task_struct *task;

	lock_tasklist();
	for_each_task(task)
		klp_update_patch_state(task);
	unlock_tasklist();
	klp_forced = true;
}
