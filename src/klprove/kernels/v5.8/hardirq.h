/* hardirq.h - what an NMI, and an exception that can come anywhere, does first
 * and last.
 *
 * Models: nmi_enter, nmi_exit of include/linux/hardirq.h, as in v5.8, after
 * Linux kernel commit 69ea03b56ed2 ("hardirq/nmi: Allow nested nmi_enter()") (in
 * v5.8): they nest, and RCU is told after the count is raised; local_db_save,
 * local_db_restore of arch/x86/include/asm/debugreg.h.
 * Leaves out: printk's mark (no edge to patch any more, since Linux kernel commit
 * b0f51883f551 ("printk: Disallow instrumenting print_nmi_enter()") (in v5.8)),
 * lockdep_off, ftrace_nmi_enter (not traceable, nothing we look at); the
 * breakpoint registers themselves, of which cpu_dr7 says whether any is armed.
 */

/* Macros in the kernel, hence nothing to trace in themselves. */
static __always_inline noinstr void nmi_enter(void)
{
	BUG_ON(in_nmi() == NMI_MASK);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	rcu_nmi_enter();
}

static __always_inline noinstr void nmi_exit(void)
{
	rcu_nmi_exit();
	BUG_ON(!in_nmi());
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
}

/* While it is 0 there is no #DB. */
static DEFINE_PER_CPU(unsigned long, cpu_dr7) = 1;

static __always_inline noinstr unsigned long local_db_save(void)
{
	unsigned long dr7 = this_cpu_read(cpu_dr7);

	if (dr7)
		this_cpu_write(cpu_dr7, 0);
	barrier();
	return dr7;
}

static __always_inline noinstr void local_db_restore(unsigned long dr7)
{
	barrier();
	if (dr7)
		this_cpu_write(cpu_dr7, dr7);
}
