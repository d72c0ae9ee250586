/* klprove: expect violated unwatched-silent use-after-free; kernel v4.12rc; cpus 2;
 *   patch cpuidle_reflect,printk_nmi_enter; arrivals irq=0,nmi=1,exception=0; states 353290 */
#include "../handler.h"

/* The mutant: without the check it reads there, and removal does not wait. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	rcu_read_lock();
	klp_redirect(fops, regs);
	rcu_read_unlock();
}
