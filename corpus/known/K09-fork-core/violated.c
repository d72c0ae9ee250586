/* klprove: expect violated invariant warned; states 335458; kernel v5.16; scene transition;
 *   action enable; define FORKS=1,USER_CALLS=0,KTHREAD=0,IDLE_CALLS=0 */

/* The child's flag is copied early, its state late. */
