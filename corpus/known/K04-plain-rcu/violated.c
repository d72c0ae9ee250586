/* klprove: expect violated unwatched-silent unwatched-warned use-after-free warned;
 *   kernel v4.12rc; cpus 2; patch cpuidle_reflect;
 *   with ../../../handlers/2017/A.c; arrivals irq=1,nmi=0,exception=0; states 107976 */

/* RCU does not watch the idle CPU: synchronize_rcu() passes, the entry goes. */
