/* klprove: expect violated redirect-lost; kernel v4.12rc; cpus 2;
 *   patch cpuidle_reflect,printk_nmi_enter; arrivals irq=0,nmi=1,exception=0; states 320442 */
#include "../handler.h"

/* RCU again for removal, and a handler that does nothing where it does not
 * watch: nothing is read there, so nothing can be freed under it, but the
 * original runs although the patch is on. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	if (!rcu_is_watching())
		return;
	rcu_read_lock();
	klp_redirect(fops, regs);
	rcu_read_unlock();
}
