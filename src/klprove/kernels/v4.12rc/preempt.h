/* preempt.h - preempt_count: which kind of context runs.
 *
 * Models: include/linux/preempt.h, arch/x86/include/asm/preempt.h, as in v4.12
 * with CONFIG_PREEMPT and without DEBUG_PREEMPT and PREEMPT_TRACER (so that
 * preempt_count_add() is one instruction and no traceable function).
 * Leaves out: need-resched in bit 31; rescheduling by preempt_enable(): a task
 * is switched at the places that sched_idle.c shows.
 */
#define PREEMPT_OFFSET		0x00000001
#define SOFTIRQ_OFFSET		0x00000100	/* a softirq is being served */
#define SOFTIRQ_DISABLE_OFFSET	0x00000200	/* bottom halves are off */
#define HARDIRQ_OFFSET		0x00010000
#define NMI_OFFSET		0x00100000

#define PREEMPT_MASK		0x000000ff
#define SOFTIRQ_MASK		0x0000ff00
#define HARDIRQ_MASK		0x000f0000
#define NMI_MASK		0x00100000

static DEFINE_PER_CPU(int, __preempt_count);

#define preempt_count()		this_cpu_read(__preempt_count)
#define preempt_count_add(val)	this_cpu_add(__preempt_count, val)
#define preempt_count_sub(val)	this_cpu_sub(__preempt_count, val)

#define in_nmi()		(preempt_count() & NMI_MASK)
#define in_irq()		(preempt_count() & HARDIRQ_MASK)
#define in_softirq()		(preempt_count() & SOFTIRQ_MASK)
#define in_interrupt()		(preempt_count() & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_MASK))

#define preempt_disable_notrace()		preempt_count_add(PREEMPT_OFFSET)
#define preempt_enable_notrace()		preempt_count_sub(PREEMPT_OFFSET)
#define preempt_enable_no_resched_notrace()	preempt_enable_notrace()
#define preempt_disable()			preempt_disable_notrace()
#define preempt_enable()			preempt_enable_notrace()
#define preempt_enable_no_resched()		preempt_enable_notrace()
