/* klp_wait.h - which wait the updater uses, unless -DKLP_WAIT_RCU=0 or =1 says.
 *
 * Models: the state before Linux kernel commit 842c08846420 ("livepatch: Fix
 * stacking of patches with respect to RCU") (in v4.12).
 * Leaves out: nothing.
 */
#ifndef KLP_WAIT_RCU
#define KLP_WAIT_RCU 1
#endif
