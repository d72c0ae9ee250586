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
idle_text void halt_idle(void) { seen = 50; }
apart void not_idle(void) { seen = 51; }
void (*another)(void);
apart void reset_idle(void) { x86_idle = halt_idle; another = not_idle; seen = 52; }
idle_text void arch_cpu_idle(void) { x86_idle(); seen = 11; }

apart void before_the_window(void) { seen = 12; }
apart void after_the_window(void) { seen = 13; }

/* A static call: its trampoline, its key, and who changes it. */
asm(".text\n.globl __SCT__hook\n.type __SCT__hook, @function\n__SCT__hook:\n\tjmp as_linked\n"
    ".size __SCT__hook, . - __SCT__hook\n"
    ".globl __pfx_padding\n.type __pfx_padding, @function\n__pfx_padding:\n\tnop\n"
    ".size __pfx_padding, 1\n");
void __SCT__hook(void);
void *__SCK__hook;
apart void as_linked(void) { seen = 40; }
apart void as_updated(void) { seen = 41; }
apart void static_call_update(void **key, void (*to)(void)) { *key = (void *)to; }
apart void update_hook(void) { static_call_update(&__SCK__hook, as_updated); seen = 42; }

/* Static branches, off as linked: `nop`. */
#define static_branch(key, on) \
	asm goto("1: .byte 0x0f, 0x1f, 0x44, 0, 0\n" \
		 ".pushsection __jump_table, \"aw\"\n.balign 8\n.long 1b - ., %l[" #on "] - .\n" \
		 ".quad " #key " - .\n.popsection" : : : : on)
long context_tracking_key, some_key;
/* What is written over other code at boot: a call; or a jump by nothing, to go on behind it. */
#define alternative(old, new) \
	asm volatile("661:\t" old "\n662:\n.pushsection .altinstructions, \"a\"\n" \
		     ".long 661b - ., 663f - .\n.word 1\n.byte 662b - 661b, 664f - 663f\n.popsection\n" \
		     ".pushsection .altinstr_replacement, \"ax\"\n663:\t" new "\n664:\n.popsection" \
		     : : : "memory")
#ifdef ALTERNATIVES
apart void before_boot(void) { seen = 60; }
apart void after_boot(void) { seen = 61; }
apart void with_the_feature(void) { seen = 62; }
apart void without_the_feature(void) { seen = 63; }
asm(".section .altinstr_aux, \"ax\"\n.Laux:\ttestb $1, condition\n\tjz .Lwithout\n\tjmp .Lwith\n"
    ".text\n.globl where_a_feature_decides\n.type where_a_feature_decides, @function\n"
    "where_a_feature_decides:\n661:\tjmp .Laux\n662:\n.Lwith:\tcall with_the_feature\n\tret\n"
    ".Lwithout:\tcall without_the_feature\n\tret\n"
    ".size where_a_feature_decides, . - where_a_feature_decides\n"
    ".section .altinstr_replacement, \"ax\"\n663:\tjmp .Lwithout\n664:\n"
    ".section .altinstructions, \"a\"\n"
    ".long 661b - ., 663b - .\n.word 2\n.byte 662b - 661b, 664b - 663b\n"
    ".long 661b - ., 664b - .\n.word 1\n.byte 662b - 661b, 0\n.text\n");
void where_a_feature_decides(void);
#endif
apart void where_a_key_is_on(void) { seen = 43; }

quiet void __ct_user_exit(void) { seen = 44; }
apart void behind_the_entry(void) { seen = 45; }

quiet void do_syscall_64(void)
{
	static_branch(context_tracking_key, tracked);
	goto untracked;
tracked:
	__ct_user_exit();
untracked:
	behind_the_entry();
}

apart void default_idle_call(void)
{
	before_the_window();
	ct_idle_enter();
	arch_cpu_idle();
	__SCT__hook();
#ifdef ALTERNATIVES
	alternative("call before_boot", "call after_boot");
	where_a_feature_decides();
#endif
	static_branch(some_key, on);
	goto off;
on:
	where_a_key_is_on();
off:
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

apart int never_taken(struct device *device, struct driver *driver, int index)
{
	return seen = index + 2;
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

apart void in_task_context(void) { seen = 53; }
apart void exit_to_user_mode_prepare(void) { in_task_context(); seen = 54; }

quiet void common_interrupt(void)
{
	ct_irq_enter();
	handle_it();
	exit_to_user_mode_prepare();
	ct_irq_exit();
}

/* A jump of two bytes to a neighbour, and an operand that looks like one to the next. */
asm(".text\n.type jumps_near, @function\njumps_near:\n\ttestl %edi, %edi\n\tjz .Lnear\n"
    "\t.byte 0xb8, 0x70, .Lfar - . - 1, 0, 0\n\tret\n.size jumps_near, . - jumps_near\n"
    ".type near_one, @function\nnear_one:\n.Lnear:\n\tret\n.size near_one, . - near_one\n"
    ".type far_one, @function\nfar_one:\n.Lfar:\n\tret\n.size far_one, . - far_one\n");

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

#ifndef BARE
quiet void pv_native_irq_disable(void) { seen = 26; }
quiet void pv_native_irq_enable(void) { seen = 27; }
struct {
	void (*irq_disable)(void);
	void (*irq_enable)(void);
} pv_ops = { pv_native_irq_disable, pv_native_irq_enable };
apart void between_cli_and_sti(void) { seen = 28; }
apart void still_off(void) { seen = 32; }
apart void on_again(void) { seen = 33; }
apart void perhaps_on_again(void) { seen = 34; }
apart void off_as_before(void) { seen = 35; }

apart void turns_them_on(void)
{
	still_off();
	pv_ops.irq_enable();
	on_again();
}

apart void turns_them_on_at_times(void)
{
	_raw_spin_lock_irqsave();
	_raw_spin_unlock_irqrestore();
	off_as_before();
	if (seen > 3)
		pv_ops.irq_enable();
	perhaps_on_again();
}

apart void turns_them_off(void)
{
	without_a_lock();
	pv_ops.irq_disable();
	between_cli_and_sti();
	turns_them_on_at_times();
	turns_them_on();
	pv_ops.irq_enable();
	without_a_lock();
}
#endif

#ifdef BARE
apart void between_bare_cli_and_sti(void) { seen = 29; }
apart void behind_them(void) { seen = 31; }
apart void turns_them_off_itself(void)
{
	asm volatile("cli");
	between_bare_cli_and_sti();
	asm volatile("sti");
	behind_them();
	seen = 0xfa;
}
#endif

#ifdef INLINED
int also_called(int x)
{
	if (x < 3)
		seen = x;
	return seen - x;
}
static inline int put_inside(int x) { return x > 5 ? also_called(x) : seen; }
apart int it_is_put_into(int x) { return put_inside(x) + seen; }
#endif

void klp_enable_patch(void) { }

const char banner[] = "Linux version 6.1.0-toy (made for tests)";

#ifdef CONFIGURED
asm(".section .rodata\n.ascii \"IKCFG_ST\"\n.incbin \"config.gz\"\n.ascii \"IKCFG_ED\"\n");
#endif
asm(".text\n.globl assembler\nassembler:\n\tnop\n\tret\n");
