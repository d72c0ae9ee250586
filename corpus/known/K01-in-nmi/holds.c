/* klprove: expect holds; kernel v4.12rc;
 *   patch default_do_nmi; with ../../../handlers/2017/C.c;
 *   arrivals irq=1,nmi=1,exception=1; states 591172 */

/* Between the edges in_nmi() is right. */
