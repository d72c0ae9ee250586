/* klprove: expect violated unwatched-silent; kernel v4.12; cpus 2;
 *   patch vfs_read; define FTRACE_DIRECT=1; arrivals irq=1,nmi=0,exception=0; states 42570 */
#include "../handler.h"

/* The same handler, preemptible: work items run on its CPU while it reads. */
static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	klp_redirect(fops, regs);
}
