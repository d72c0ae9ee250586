/* klprove: expect holds unwatched-warned warned; kernel v4.12rc;
 *   patch rcu_eqs_exit_common,printk_nmi_enter,do_debug;
 *   with ../../../handlers/2017/F.c;
 *   arrivals irq=0,nmi=1,exception=1; states 299690 */

/* Three that it does not exclude: it warns there as well, so the two are not the
 * only ones. */
