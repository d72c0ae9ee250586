/* klprove: expect holds;
 *   kernel v4.12rc; patch cpuidle_reflect; with ../../../handlers/2017/D2.c;
 *   arrivals irq=1,nmi=1,exception=1; states 595362 */

/* The same with interrupts off in between. */
