/*
 * The side-by-side benchmark with SPIN: the dynticks half of RCU as of Linux
 * v4.12 (dynticks, dynticks_nesting, dynticks_nmi_nesting,
 * disable_rcu_irq_enter) on NCPU reader CPUs and an updater on one more. Each
 * reader CPU runs a task, idle - busy - idle, on which an irq, an NMI and an IST
 * exception may arrive, each once.
 *
 * A twin of a Promela model that has one process a context, so that states can
 * be counted on both sides. For that reason the steps are not those of klprove's
 * language where Promela's differ:
 *
 *   - step() is a step that does nothing: a choice that Promela's model makes in
 *     a step of its own, or the end of one of its loops;
 *   - ghost functions are what Promela does in the same step;
 *   - a task that is done halts, where a return would be one more step.
 *
 *   -D NCPU=1|2|3     reader CPUs
 *   -D NFULL=N        of which take interrupts (default: all)
 *   -D NIRQ=0 ...     no interrupts of that kind (NIRQ, NIST, NNMI)
 *
 * Run with --arrivals 1. States: those of SPIN with -DNOREDUCE less one, since
 * SPIN also counts the state before init has started the processes.
 */
#include <klprove.h>

#ifndef NCPU
#define NCPU	1
#endif
#ifndef NFULL
#define NFULL	NCPU
#endif
#ifndef NIRQ
#define NIRQ	1
#endif
#ifndef NIST
#define NIST	1
#endif
#ifndef NNMI
#define NNMI	1
#endif

#define TASK_NEST	8

static DEFINE_PER_CPU(u8, dynticks);		/* odd: RCU watches this CPU */
static DEFINE_PER_CPU(u8, nesting);
static DEFINE_PER_CPU(u8, nmi_nesting);
static DEFINE_PER_CPU(u8, no_irq_enter);
static DEFINE_PER_CPU(u8, in_nmi);
static DEFINE_PER_CPU(u8, qs);			/* last grace period with a context switch */

static u8 gp_seq;
static u8 gptr;					/* the protected pointer: number of the object */
static u8 gone[2];
static u8 nothing;

#define step()		((void)READ_ONCE(nothing))

/* ---- what happens in the step under way ---------------------------------- */

static __ghost void note_quiescent_state(void)
{
	this_cpu(qs) = gp_seq;
}

static __ghost void must_watch(void)
{
	assert(this_cpu(dynticks) & 1);
}

/* ---- RCU ------------------------------------------------------------------- */

static void eqs_enter(void)
{
	assert(!(__klprove_add(&this_cpu(dynticks), 1, 1) + 1 & 1));
}

static void eqs_exit(void)
{
	assert(__klprove_add(&this_cpu(dynticks), 1, 1) + 1 & 1);
}

static void read_side(void)
{
	u8 object = gptr;

	assert(!gone[object]);
}

static void rcu_irq_enter(void)
{
	u8 before = this_cpu(nesting);

	this_cpu(nesting) = before + 1;
	if (before)
		step();
	else
		eqs_exit();
}

static void rcu_irq_exit(void)
{
	u8 before = this_cpu(nesting);

	assert(before >= 1);
	if (before > 1) {
		this_cpu(nesting) = before - 1;
	} else {
		this_cpu_inc(no_irq_enter);
		this_cpu(nesting) = 0;
		eqs_enter();
		this_cpu_dec(no_irq_enter);
	}
}

static void rcu_nmi_enter(void)
{
	u8 by = this_cpu(dynticks) & 1 ? 2 : 0;

	if (!by) {
		eqs_exit();
		by = 1;
	}
	this_cpu(nmi_nesting) = this_cpu(nmi_nesting) + by;
}

static void rcu_nmi_exit(void)
{
	u8 before = this_cpu(nmi_nesting);

	must_watch();
	assert(before);
	if (before != 1) {
		this_cpu(nmi_nesting) = before - 2;
	} else {
		this_cpu(nmi_nesting) = 0;
		eqs_enter();
	}
}

/* ---- contexts of a reader CPU ---------------------------------------------- */

static void busy_once(void)
{
	local_irq_disable();			/* rcu_idle_exit() */
	assert(this_cpu(nesting) == 0);
	this_cpu(nesting) = TASK_NEST;
	eqs_exit();
	local_irq_enable();

	step();					/* rcu_note_context_switch() */
	note_quiescent_state();

	read_side();

	local_irq_disable();			/* rcu_idle_enter() */
	assert(this_cpu(nesting) == TASK_NEST);
	this_cpu_inc(no_irq_enter);
	this_cpu(nesting) = 0;
	eqs_enter();
	this_cpu_dec(no_irq_enter);
	local_irq_enable();
	await(0);
}

static void interrupt(void)
{
	rcu_irq_enter();
	read_side();
	rcu_irq_exit();
}

static void non_maskable(void)
{
	this_cpu(in_nmi) = 1;
	rcu_nmi_enter();
	read_side();
	rcu_nmi_exit();
	this_cpu(in_nmi) = 0;
}

static void exception(void)
{
	rcu_nmi_enter();
	read_side();
	rcu_nmi_exit();
}

#if NIRQ
#define IRQ(cpu)	__irq(cpu) void irq##cpu(void) { interrupt(); }
#else
#define IRQ(cpu)
#endif
#if NNMI
#define NMI(cpu)	__nmi(cpu) void nmi##cpu(void) { non_maskable(); }
#else
#define NMI(cpu)
#endif
#if NIST
#define IST(cpu)	__exception(cpu) void ist##cpu(void) { exception(); }
#else
#define IST(cpu)
#endif
#define INTERRUPTS(cpu)	IRQ(cpu) NMI(cpu) IST(cpu)

__task(0) void task0(void) { busy_once(); }
#if NFULL > 0
INTERRUPTS(0)
#endif
#if NCPU > 1
__task(1) void task1(void) { busy_once(); }
#if NFULL > 1
INTERRUPTS(1)
#endif
#endif
#if NCPU > 2
__task(2) void task2(void) { busy_once(); }
#if NFULL > 2
INTERRUPTS(2)
#endif
#endif

/* ---- the updater -------------------------------------------------------------- */

#define CPU(n)		per_cpu(dynticks, n)
#define QUIET(n, snap)	(!((snap) & 1) || CPU(n) != (snap) || per_cpu(qs, n) == gp_seq)

__task(NCPU) void updater(void)
{
	u8 snap0;
#if NCPU > 1
	u8 snap1;
#endif
#if NCPU > 2
	u8 snap2;
#endif

	gptr = 1;
	gp_seq = 1;

	snap0 = CPU(0);
#if NCPU > 1
	snap1 = CPU(1);
#endif
#if NCPU > 2
	snap2 = CPU(2);
#endif
	step();

	await(QUIET(0, snap0));
#if NCPU > 1
	await(QUIET(1, snap1));
#endif
#if NCPU > 2
	await(QUIET(2, snap2));
#endif
	step();

	gone[0] = 1;
	await(0);
}
