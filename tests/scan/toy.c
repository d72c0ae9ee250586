/*
 * A kernel in miniature, for the tests of `scan`: an idle loop, an interrupt, an NMI, a thread.
 * Nothing here is the kernel's text; names and calls are arranged as there, bodies are made up.
 */

#define quiet __attribute__((section(".noinstr.text"), no_instrument_function, noinline))
#ifdef CLOSED
#define idle_text quiet
#else
#define idle_text __attribute__((section(".cpuidle.text"), noinline))
#endif
#define apart __attribute__((noinline))

struct device;
struct driver;

struct cpuidle_state {
	int flags;
	int (*enter)(struct device *, struct driver *, int);
};

struct irqaction {
	int (*handler)(int, void *);
};

struct nmiaction {
	int (*handler)(unsigned int, long *);
};

volatile int seen;
volatile int condition;
int ordinary_data = 1;
void (*x86_idle)(void);
struct cpuidle_state states[4];
struct irqaction *action;
struct nmiaction *nmi;

quiet void ct_idle_enter(void) { seen = 1; }
quiet void ct_idle_exit(void) { seen = 2; }
quiet void ct_nmi_enter(void) { seen = 3; }
quiet void ct_nmi_exit(void) { seen = 4; }
quiet void ct_irq_enter(void) { seen = 5; }
quiet void ct_irq_exit(void) { seen = 6; }

apart void _printk(void) { seen = 30; }
apart void in_the_window(void) { seen = 7; }
idle_text void default_idle(void) { in_the_window(); seen = 8; }
idle_text void mwait_idle(void) { seen = 9; }
apart void select_idle(void) { x86_idle = condition ? mwait_idle : default_idle; seen = 10; }
idle_text void arch_cpu_idle(void) { x86_idle(); seen = 11; }

apart void before_the_window(void) { seen = 12; }
apart void after_the_window(void) { seen = 13; }

apart void default_idle_call(void)
{
	before_the_window();
	ct_idle_enter();
	arch_cpu_idle();
	if (condition == 77)
		_printk();
	ct_idle_exit();
	after_the_window();
}

/* Opens the window itself, so it is entered before it. */
apart int enter_by_itself(struct device *device, struct driver *driver, int index)
{
	before_the_window();
	ct_idle_enter();
	seen = index;
	ct_idle_exit();
	return index;
}

idle_text int enter_simply(struct device *device, struct driver *driver, int index)
{
	seen = index;
	return index + 1;
}

apart int other_prototype(struct device *device, int index) { return seen = index; }

struct cpuidle_state known[2] = { { 0, enter_simply }, { 1, enter_by_itself } };
void *unrelated = other_prototype;

apart int cpuidle_enter_state(struct device *device, struct driver *driver, int index)
{
	int flags = states[index].flags;

	if (!(flags & 1))
		ct_idle_enter();
	index = states[index].enter(device, driver, index);
	if (!(flags & 1))
		ct_idle_exit();
	after_the_window();
	return index;
}

apart int a_handler(int irq, void *data) { return seen = irq; }
apart int an_nmi_handler(unsigned int type, long *regs) { return seen = (int)*regs + type; }
struct irqaction registered = { a_handler };
struct nmiaction registered_nmi = { an_nmi_handler };

apart void handle_it(void) { action->handler(3, 0); seen = 14; }
apart void nmi_handle(void) { nmi->handler(3, 0); seen = 15; }

quiet void common_interrupt(void)
{
	ct_irq_enter();
	handle_it();
	ct_irq_exit();
}

quiet void exc_nmi(void)
{
	ct_nmi_enter();
	nmi_handle();
	ct_nmi_exit();
}

apart void schedule(void) { seen = 16; }
apart void kthread_create_on_node(int (*main)(void *), void *data) { main(data); seen = 17; }

apart int a_thread(void *data)
{
	for (;;)
		schedule();
}

apart int a_short_thread(void *data)
{
	schedule();
	return seen;
}

apart void wait_until(void)
{
	while (!condition)
		schedule();
}

apart void start_threads(void)
{
	kthread_create_on_node(a_thread, 0);
	kthread_create_on_node(a_short_thread, 0);
	seen = 18;
}

__attribute__((section(".init.text"), noinline)) void boots(void) { seen = 19; }
__attribute__((no_instrument_function, noinline)) void untraced(void) { seen = 20; }
static apart void twice(void) { seen = 21; }
void *address_of_twice = twice;

#ifdef SECOND
asm(".text\n.type twin, @function\ntwin:\n\tret\n.size twin, . - twin\n.local twin\n");
#endif
apart void _raw_spin_lock_irqsave(void) { seen = 22; }
apart void _raw_spin_unlock_irqrestore(void) { seen = 23; }
apart void with_a_lock(void) { seen = 24; }
apart void without_a_lock(void) { seen = 25; }

apart void locks(void)
{
	without_a_lock();
	_raw_spin_lock_irqsave();
	with_a_lock();
	_raw_spin_unlock_irqrestore();
	without_a_lock();
}

void klp_enable_patch(void) { }

const char banner[] = "Linux version 6.1.0-toy (made for tests)";

#ifdef CONFIGURED
asm(".section .rodata\n.ascii \"IKCFG_ST\"\n.incbin \"config.gz\"\n.ascii \"IKCFG_ED\"\n");
#endif
asm(".text\n.globl assembler\nassembler:\n\tnop\n\tret\n");
