/* klprove: expect violated stale-frame use-after-free; states 51367; kernel v6.1; scene transition;
 *   action disable; define EXITS=1,KTHREAD=0,IDLE_CALLS=0 */

/* The user's task leaves the list of tasks inside the patched function. */
