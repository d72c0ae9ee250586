/* klprove: expect holds unwatched-warned warned; kernel v4.12rc;
 *   patch ist_enter; with ../../../handlers/2017/F.c;
 *   arrivals irq=1,nmi=1,exception=1; states 916524 */

/* One of the two functions that the mail excludes: it warns there. */
