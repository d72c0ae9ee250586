/* klprove: expect holds; states 267183; kernel v6.1; scene transition;
 *   action enable; define FORKS=1,USER_CALLS=0,KTHREAD=0,IDLE_CALLS=0 */

/* Both are copied where no transition can come in between. */
