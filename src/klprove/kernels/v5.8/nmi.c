/* nmi.c - the non-maskable interrupt.
 *
 * Models: exc_nmi, default_do_nmi, nmi_handle of arch/x86/kernel/nmi.c, as in
 * v5.8: all of it is noinstr up to the calls of the NMI's own handlers, which run
 * in a read-side section, and no breakpoint is armed in it.
 * Leaves out: the entry assembly, which turns an NMI that arrives inside an NMI
 * into a repeat of it, so that C code never nests (a file with the pragma
 * hardware_nmi leaves that protection out); CR2.
 */
enum nmi_states { NMI_NOT_RUNNING = 0, NMI_EXECUTING, NMI_LATCHED };
static DEFINE_PER_CPU(int, nmi_state);
static DEFINE_PER_CPU(unsigned long, nmi_dr7);

static int nmi_handle(unsigned int type, struct pt_regs *regs)
{
	rcu_read_lock();
	body_needs_rcu();
	rcu_read_unlock();
	return 1;
}

static noinstr void default_do_nmi(struct pt_regs *regs)
{
	nmi_handle(0, regs);
}

static noinstr void exc_nmi(struct pt_regs *regs)
{
	if (this_cpu_read(nmi_state) != NMI_NOT_RUNNING) {
		this_cpu_write(nmi_state, NMI_LATCHED);
		return;
	}
	this_cpu_write(nmi_state, NMI_EXECUTING);
	do {
		this_cpu_write(nmi_dr7, local_db_save());
		nmi_enter();
		default_do_nmi(regs);
		nmi_exit();
		local_db_restore(this_cpu_read(nmi_dr7));
		/* one less: latched means once more */
	} while (atomic_dec_return(&this_cpu(nmi_state)));
}

__nmi(READER_CPUS) noinstr void nmi(void)
{
	struct pt_regs regs = { 0 };
	struct context_mark mark;

	context_begin(&mark);
	exc_nmi(&regs);
	context_end(&mark);
}
