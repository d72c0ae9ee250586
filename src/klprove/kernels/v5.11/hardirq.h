/* hardirq.h - what an NMI, and an exception that can come anywhere, does first
 * and last.
 *
 * Models: __nmi_enter, __nmi_exit of include/linux/hardirq.h (the part of
 * nmi_enter before RCU is told), local_db_save, local_db_restore of
 * arch/x86/include/asm/debugreg.h, as in v5.11 and v6.1.
 * Leaves out: as in v5.8.
 */

/* Macros in the kernel, hence nothing to trace in themselves. */
static __always_inline noinstr void __nmi_enter(void)
{
	BUG_ON(in_nmi() == NMI_MASK);
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
}

static __always_inline noinstr void __nmi_exit(void)
{
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
