/* klprove: expect violated unwatched-silent; kernel v4.12rc;
 *   patch printk_nmi_enter,printk_nmi_exit; with ../../../handlers/2017/C.c;
 *   arrivals irq=1,nmi=1,exception=0; states 22126 */

/* The edges of an NMI: preempt_count does not say yet, or no longer, that this
 * is one, so in_nmi() chooses the call for interrupts. */
