/* klprove: expect holds;
 *   kernel v4.16; patch cpuidle_reflect; with ../../../handlers/2017/D.c;
 *   arrivals irq=1,nmi=1,exception=1; states 1109432 */

/* One nesting count for interrupts and NMIs (Linux kernel commit 58721f5da4bc). */
