/* klprove: expect violated unwatched-silent; kernel v4.12rc;
 *   patch do_debug,ist_enter; with ../../../handlers/2017/C.c;
 *   arrivals irq=1,nmi=0,exception=1; states 28803 */

/* An IST exception is no NMI for in_nmi(), wherever it arrives. */
