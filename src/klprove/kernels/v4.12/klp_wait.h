/* klp_wait.h - which wait the updater uses, unless -DKLP_WAIT_RCU=0 or =1 says:
 * a handler that relies on RCU is judged by the wait that it was made for.
 *
 * Models: the state after Linux kernel commit 842c08846420 ("livepatch: Fix
 * stacking of patches with respect to RCU") (in v4.12).
 * Leaves out: nothing.
 */
#ifndef KLP_WAIT_RCU
#define KLP_WAIT_RCU 0
#endif
