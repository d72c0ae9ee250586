/* The kernel that the modules patch where no real one is at hand: names as in v6.1, bodies our own. */
#include "mini.h"

#define used __attribute__((__used__, __noinline__))
#define notrace __attribute__((no_instrument_function))
#define in(name) __attribute__((section(name)))

const char linux_banner[] = "Linux version 6.1.0-mini (klprove)";
static const char vermagic[] __attribute__((__used__)) = "6.1.0-mini SMP mod_unload ";

#define EXPORT(name) __asm__( \
	".pushsection __ksymtab,\"a\"; __ksymtab_" #name ": .long 0; .popsection;" \
	".pushsection __kcrctab,\"a\"; __crc_" #name ": .long 0x1234; .popsection")
#define STUB(name) notrace void name##_stub(void) __asm__(#name); notrace void name##_stub(void) {} \
	EXPORT(name)

STUB(__fentry__);
STUB(__x86_return_thunk);
STUB(klp_enable_patch);
STUB(klp_shadow_alloc);
STUB(klp_shadow_free);
STUB(klp_shadow_free_all);
STUB(queue_work_on);
STUB(cancel_work_sync);
STUB(seq_puts);
STUB(mutex_lock);
STUB(mutex_unlock);
STUB(msleep);
STUB(_printk);
struct workqueue_struct *system_wq;
EXPORT(system_wq);
struct static_key_false rps_needed;
EXPORT(rps_needed);

in(".sched.text") used void schedule(void) { __asm__ volatile(""); }
in(".sched.text") used notrace void __schedule(void) { __asm__ volatile(""); }

used int cmdline_proc_show(struct seq_file *m, void *unused) { seq_puts(m, "root=/dev/sda1\n"); return 0; }
used int version_proc_show(struct seq_file *m, void *unused) { seq_puts(m, linux_banner); return 0; }
in(".init.text") used void start_kernel(void) { __asm__ volatile(""); }

used long do_madvise(long start) { return start + 1; }
used long __x64_sys_madvise(const long *regs) { return do_madvise(regs[0]) | 1; }
used long __ia32_sys_madvise(const long *regs) { return do_madvise(regs[1]) | 1; }

int crng_ready;
used int wait_for_random_bytes(void)
{
	if (unlikely(!crng_ready)) {
		_printk("waiting\n");
		schedule();
	}
	return 0;
}

used void make_task_dead(long code) { crng_ready = code; }
used void exit_files(long *task) { task[0] = 0; }

in(".noinstr.text") used notrace void ct_idle_enter(void) { __asm__ volatile("nop"); }
in(".noinstr.text") used notrace void ct_idle_exit(void) { __asm__ volatile("nop; nop"); }
in(".cpuidle.text") used void arch_cpu_idle(void) { __asm__ volatile("hlt"); }
used void cpuidle_reflect(int *device, int index) { device[0] = index; }
in(".cpuidle.text") used void default_idle_call(void)
{
	ct_idle_enter();
	arch_cpu_idle();
	ct_idle_exit();
}
used void unknown_nmi_error(unsigned char reason, int *regs) { regs[0] = reason; }
in(".noinstr.text") used notrace void irqentry_nmi_enter(int *regs) { __asm__ volatile("nop"); }
in(".noinstr.text") used notrace void irqentry_nmi_exit(int *regs) { __asm__ volatile(""); }
in(".noinstr.text") used notrace void exc_nmi(int *regs)
{
	irqentry_nmi_enter(regs);
	unknown_nmi_error(1, regs);
	irqentry_nmi_exit(regs);
}
in(".noinstr.text") used notrace void common_interrupt(int *regs) { regs[0]++; }
used void scheduler_tick(void) { crng_ready++; }
used int kswapd(int *node) { while (node[0]) schedule(); return 0; }
used void kthread_create_on_node(int (*main)(int *), int *data, int node, const char *name)
{
	__asm__ volatile("" : : "r"(main), "r"(data), "r"(node), "r"(name));
}
used int kswapd_run(void)
{
	kthread_create_on_node(kswapd, &crng_ready, 0, "kswapd");
	return 0;
}

static struct mutex wq_mutex;
used long wq_nice_show(int *dev, int *attr, char *buf)
{
	mutex_lock(&wq_mutex);
	buf[0] = dev[0];
	mutex_unlock(&wq_mutex);
	return 1;
}

used void mask_and_ack_8259A(int *data)
{
	static int spurious_irq_mask;

	spurious_irq_mask |= data[0];
}

used void msr_event_update(int *event) { event[0]++; }
used void msr_event_stop(int *event, int flags) { msr_event_update(event); }

__attribute__((__used__)) unsigned int x86_family(unsigned int signature)
{
	return signature >> 8 & 15;
}
used unsigned int x86_model(unsigned int signature)
{
	return x86_family(signature) >= 6 ? signature >> 4 & 15 : 0;
}

struct task_group;
struct cfs_schedulable_data {
	struct task_group *tg;
	unsigned long long period, quota;
};
used void tg_cfs_schedulable_down(struct task_group *group, struct cfs_schedulable_data *data)
{
	data->period = data->quota;
}
