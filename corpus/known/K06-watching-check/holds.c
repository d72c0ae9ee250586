/* klprove: expect holds; kernel v4.12rc; cpus 2;
 *   patch vfs_read; arrivals irq=0,nmi=1,exception=0; states 159232 */
#include "../handler.h"

/* Where RCU watches the check changes nothing. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	if (!rcu_is_watching())
		return;
	rcu_read_lock();
	klp_redirect(fops, regs);
	rcu_read_unlock();
}
