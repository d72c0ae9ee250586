/* nmi.c - the non-maskable interrupt.
 *
 * Models: do_nmi, default_do_nmi of arch/x86/kernel/nmi.c, with the read-side
 * section of nmi_handle, in which the NMI's own handlers run; nmi_enter, nmi_exit
 * of include/linux/hardirq.h; printk_nmi_enter, printk_nmi_exit of
 * kernel/printk/printk_safe.c, as in v4.12. Diverges at Linux kernel commit
 * 69ea03b56ed2 ("hardirq/nmi: Allow nested nmi_enter()") (in v5.8).
 * Leaves out: the entry assembly, which turns an NMI that arrives inside an
 * NMI into a repeat of it, so that C code never nests (a file with the pragma
 * hardware_nmi leaves that protection out: an exception's iret then lets
 * another NMI in, and do_nmi's own latch is at work); lockdep_off and
 * ftrace_nmi_enter (not traceable, nothing we look at); CR2; the debug stack;
 * which of its two masks printk chooses.
 */
enum nmi_states { NMI_NOT_RUNNING = 0, NMI_EXECUTING, NMI_LATCHED };
static DEFINE_PER_CPU(int, nmi_state);

#define PRINTK_NMI_CONTEXT_MASK	0x80000000u
static DEFINE_PER_CPU(unsigned int, printk_context);

static void printk_nmi_enter(void)
{
	this_cpu_or(printk_context, PRINTK_NMI_CONTEXT_MASK);
}

static void printk_nmi_exit(void)
{
	this_cpu_and(printk_context, ~PRINTK_NMI_CONTEXT_MASK);
}

/* Macros in the kernel, hence nothing to trace in themselves. The count is
 * raised after the first call and before RCU is told. */
static __always_inline notrace void nmi_enter(void)
{
	printk_nmi_enter();
	BUG_ON(in_nmi());
	preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	rcu_nmi_enter();
}

static __always_inline notrace void nmi_exit(void)
{
	rcu_nmi_exit();
	BUG_ON(!in_nmi());
	preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	printk_nmi_exit();
}

static void default_do_nmi(struct pt_regs *regs)
{
	rcu_read_lock();
	body_needs_rcu();
	rcu_read_unlock();
}

static notrace void do_nmi(struct pt_regs *regs, long error_code)
{
	if (this_cpu_read(nmi_state) != NMI_NOT_RUNNING) {
		this_cpu_write(nmi_state, NMI_LATCHED);
		return;
	}
	this_cpu_write(nmi_state, NMI_EXECUTING);
	do {
		nmi_enter();
		default_do_nmi(regs);
		nmi_exit();
		/* one less: latched means once more */
	} while (atomic_dec_return(&this_cpu(nmi_state)));
}

__nmi(READER_CPUS) notrace void nmi(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;

	context_begin(&mark);
	do_nmi(&regs, 0);
	context_end(&mark);
}
