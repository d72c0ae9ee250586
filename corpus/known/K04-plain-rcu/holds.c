/* klprove: expect holds;
 *   kernel v4.12rc; cpus 2; patch vfs_read;
 *   with ../../../handlers/2017/A.c; arrivals irq=1,nmi=0,exception=0; states 69562 */

/* Where RCU watches, the grace period waits. */
