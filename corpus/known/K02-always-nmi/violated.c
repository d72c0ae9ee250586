/* klprove: expect violated nested-unwatched state-corrupted unwatched-warned warned;
 *   kernel v4.12rc; patch cpuidle_reflect; with ../../../handlers/2017/D.c;
 *   arrivals irq=1,nmi=1,exception=1; states 1052833 */

/* Idle, interrupts on: an interrupt between rcu_nmi_enter() and rcu_nmi_exit()
 * of the handler finds a nesting that it does not expect. */
