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
STUB(mutex_lock_interruptible);
STUB(down_read);
STUB(up_read);
STUB(down_write);
STUB(up_write);
STUB(_printk_deferred);
STUB(__request_module);
STUB(static_key_enable);
STUB(static_key_disable);
STUB(sort);
STUB(irq_work_queue);
STUB(irq_work_sync);
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

used int do_epoll_create(int flags) { return flags + 3; }
used long __x64_sys_epoll_create1(const long *regs) { return do_epoll_create(regs[0]) | 1; }
used long __ia32_sys_epoll_create1(const long *regs) { return do_epoll_create(regs[1]) | 1; }

int crng_ready;
static struct mutex dummy_mutex;
used int wait_for_random_bytes(void)
{
	if (unlikely(!crng_ready)) {
		_printk("waiting\n");
		schedule();
	}
	return 0;
}

used int mtrr_add_page(long base) { mutex_lock(&dummy_mutex); crng_ready = base; return 1; }
used int mtrr_add(long base)
{
	if (unlikely(base & 4095)) {
		_printk("not a page\n");
		return mtrr_add_page(base) + 1;
	}
	return crng_ready;
}
used int tboot_extended_sleep(int state)
{
	if (unlikely(state))
		_printk("not supported\n");
	return 0;
}
used long hrtimer_nanosleep(long *req) { schedule(); return req[0]; }
used void text_poke_finish(void) { crng_ready = 2; }
used void tick_setup_device(int *device) { device[0] = 3; }
used int bpf_lsm_file_open(int *file) { return file[0]; }
used int security_file_open(int *file) { return bpf_lsm_file_open(file) | 1; }
used void proc_exit_connector(long *task) { task[1] = 0; }
used void exit_io_context(long *task) { task[2] = 0; }
used void do_exit(long *task)
{
	proc_exit_connector(task);
	exit_io_context(task);
	task[3] = 0;
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
used void unknown_nmi_error(unsigned char reason, int *regs)
{
	_printk("reason %d\n", reason);
	regs[0] = reason;
}
in(".noinstr.text") used notrace void irqentry_nmi_enter(int *regs) { __asm__ volatile("nop"); }
in(".noinstr.text") used notrace void irqentry_nmi_exit(int *regs) { __asm__ volatile(""); }
in(".noinstr.text") used notrace void exc_nmi(int *regs)
{
	irqentry_nmi_enter(regs);
	unknown_nmi_error(1, regs);
	irqentry_nmi_exit(regs);
}
in(".noinstr.text") used notrace void common_interrupt(int *regs) { regs[0]++; }
used void task_tick_fair(int *rq) { rq[0]++; }
used void hrtick_update(int *rq) { rq[0] += 2; }
used void enqueue_task_fair(int *rq) { hrtick_update(rq); rq[1] = 0; }
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

struct device { long id; struct mutex lock; };
used long wq_nice_show(struct device *dev, int *attr, char *buf)
{
	mutex_lock(&dev->lock);
	buf[0] = dev->id;
	mutex_unlock(&dev->lock);
	return 1;
}
static struct mutex br_ioctl_mutex;
static void *br_hook;
used void brioctl_set(void *hook)
{
	mutex_lock(&br_ioctl_mutex);
	br_hook = hook;
	mutex_unlock(&br_ioctl_mutex);
}
static struct rw_semaphore cb_lock;
used void genl_rcv(int *skb)
{
	down_read(&cb_lock);
	skb[0] = 0;
	up_read(&cb_lock);
}
used long *sysvipc_proc_start(struct rw_semaphore *ids, long *pos) { down_read(ids); return pos; }
used void sysvipc_proc_stop(struct rw_semaphore *ids) { up_read(ids); ids[1].count = 0; }

static struct mutex rescan_lock;
used void pci_lock_rescan_remove(void) { mutex_lock(&rescan_lock); br_hook = 0; }
used void pci_unlock_rescan_remove(void) { mutex_unlock(&rescan_lock); br_hook = 0; }
EXPORT(pci_lock_rescan_remove);
EXPORT(pci_unlock_rescan_remove);
used int stop_machine(int (*f)(void *), void *data, void *cpus) { return f(data) + 1; }
EXPORT(stop_machine);

used void mask_and_ack_8259A(int *data)
{
	static int spurious_irq_mask;

	spurious_irq_mask |= data[0];
}

used int __access_remote_vm(int *mm) { return mm[0]++; }
used int access_remote_vm(int *mm) { return __access_remote_vm(mm); }
used long ksys_shmdt(long start) { return start + 2; }
used long __x64_sys_shmdt(const long *regs) { return ksys_shmdt(regs[0]); }
used long do_syscall_64(const long *regs) { return __x64_sys_shmdt(regs) | 1; }
used long x64_sys_call(const long *regs, unsigned int nr)
{
	return nr ? __x64_sys_madvise(regs) : __x64_sys_shmdt(regs);
}

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
