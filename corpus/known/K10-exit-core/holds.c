/* klprove: expect holds; states 49689; kernel v6.1; scene transition;
 *   action disable; define EXITS=2,KTHREAD=0,IDLE_CALLS=0 */

/* It leaves the list after it has left the function. */
