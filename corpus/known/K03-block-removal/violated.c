/* klprove: expect violated use-after-free unwatched-warned warned; kernel v4.12rc; cpus 2;
 *   patch rcu_eqs_exit_common; arrivals irq=0,nmi=0,exception=0; states 11123 */
#include "../handler.h"

/* The flag is raised after the reads: removal decides in between. */
static bool klp_block_patch_removal;

static void notrace klp_ftrace_handler(unsigned long ip, unsigned long parent_ip,
				       struct ftrace_ops *fops, struct pt_regs *regs)
{
	rcu_irq_enter_irqson();
	rcu_read_lock();
	klp_redirect(fops, regs);
	if (!rcu_is_watching()) {
		klp_block_patch_removal = true;
		WARN_ON_ONCE(1);
	}
	rcu_read_unlock();
	rcu_irq_exit_irqson();
}

static notrace void klp_release_module(struct klp_patch *patch)
{
	if (!klp_block_patch_removal)
		patch->mod.refcnt--;
}
