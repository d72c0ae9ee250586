/* klprove: expect violated redirect-lost; kernel v4.12;
 *   patch vfs_read+do_IRQ; arrivals irq=1,nmi=0,exception=0; states 640 */

/* The guard of v4.12 itself needs one edge only. */
