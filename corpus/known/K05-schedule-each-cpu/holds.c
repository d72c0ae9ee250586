/* klprove: expect holds; kernel v4.12; cpus 2;
 *   patch vfs_read; define FTRACE_DIRECT=1; arrivals irq=1,nmi=0,exception=0; states 43178 */
#include "../handler.h"

/* Merged as Linux kernel commit 842c08846420: no worker thread runs on a CPU
 * whose preempt_count is raised. FTRACE_DIRECT, so that the count is the
 * handler's own and not also ftrace's. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	preempt_disable_notrace();
	klp_redirect(fops, regs);
	preempt_enable_notrace();
}
