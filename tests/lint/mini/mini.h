/*
 * What the modules beside this folder need of a kernel's headers, in our own words, so that they can be
 * built where no headers are. Members stand where v6.1 has them up to the last that the kernel's users
 * fill in; what follows is padding of a size of our own, which no reader may know.
 */
#pragma once

typedef unsigned int u32;
typedef unsigned long size_t;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)
#define __init __attribute__((section(".init.text")))
#define __exit __attribute__((section(".exit.text")))
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline __attribute__((noinline))
#define GFP_KERNEL 0

struct module { char name[64]; };
#ifdef MODULE
struct module __this_module __attribute__((section(".gnu.linkonce.this_module"), used)) = { KBUILD };
#define THIS_MODULE (&__this_module)
#define INFO2(name, line, text) \
	static const char name##line[] __attribute__((section(".modinfo"), used)) = text
#define INFO1(name, line, text) INFO2(name, line, text)
#define MODULE_INFO(tag, info) INFO1(info_##tag, __LINE__, #tag "=" info)
#define MODULE_LICENSE(text) MODULE_INFO(license, text)
#define module_init(f) int init_module(void) __attribute__((alias(#f)))
#define module_exit(f) void cleanup_module(void) __attribute__((alias(#f)))
MODULE_INFO(name, KBUILD);
MODULE_INFO(vermagic, "6.1.0-mini SMP mod_unload ");
MODULE_INFO(retpoline, "Y");
__asm__(".pushsection .orc_unwind,\"a\"; .long 0; .popsection");
__asm__(".pushsection .orc_unwind_ip,\"a\"; .long 0; .popsection");
#endif

struct klp_object;
struct klp_patch;
struct klp_func {
	const char *old_name;
	void *new_func;
	unsigned long old_sympos;
	char internal[96];
};
struct klp_callbacks {
	int (*pre_patch)(struct klp_object *);
	void (*post_patch)(struct klp_object *);
	void (*pre_unpatch)(struct klp_object *);
	void (*post_unpatch)(struct klp_object *);
	bool post_unpatch_enabled;
};
struct klp_object {
	const char *name;
	struct klp_func *funcs;
	struct klp_callbacks callbacks;
	char internal[88];
};
struct klp_state {
	unsigned long id;
	unsigned int version;
	void *data;
};
struct klp_patch {
	struct module *mod;
	struct klp_object *objs;
	struct klp_state *states;
	bool replace;
	char internal[104];
};
int klp_enable_patch(struct klp_patch *);
void *klp_shadow_alloc(void *, unsigned long, size_t, unsigned int, void *, void *);
void klp_shadow_free(void *, unsigned long, void *);
void klp_shadow_free_all(unsigned long, void *);

int _printk(const char *, ...) __attribute__((cold));
#define pr_info(...) _printk(__VA_ARGS__)
int _printk_deferred(const char *, ...);
#define printk_deferred(...) _printk_deferred(__VA_ARGS__)
#define pr_err(...) _printk(__VA_ARGS__)
void msleep(unsigned int);

struct mutex {
	long owner;
#ifdef STALE /* as another release may have it */
	int waiters;
#endif
};
void mutex_lock(struct mutex *);
void mutex_unlock(struct mutex *);
#define DEFINE_MUTEX(name) struct mutex name

int mutex_lock_interruptible(struct mutex *);
struct rw_semaphore { long count; };
void down_read(struct rw_semaphore *);
void up_read(struct rw_semaphore *);
void down_write(struct rw_semaphore *);
void up_write(struct rw_semaphore *);
void pci_lock_rescan_remove(void);
void pci_unlock_rescan_remove(void);
int stop_machine(int (*)(void *), void *, void *);
int __request_module(bool, const char *, ...);
#define request_module(...) __request_module(true, __VA_ARGS__)
#define request_module_nowait(...) __request_module(false, __VA_ARGS__)
struct irq_work { long node[3]; void (*func)(struct irq_work *); };
bool irq_work_queue(struct irq_work *);
void irq_work_sync(struct irq_work *);
void sort(void *, size_t, size_t, int (*)(const void *, const void *), void *);

struct seq_file;
void seq_puts(struct seq_file *, const char *);

struct workqueue_struct;
struct work_struct {
	long data;
	void *next, *prev;
	void (*func)(struct work_struct *);
};
extern struct workqueue_struct *system_wq;
bool queue_work_on(int, struct workqueue_struct *, struct work_struct *);
bool cancel_work_sync(struct work_struct *);
#define DECLARE_WORK(name, f) struct work_struct name = { .func = f }
#define INIT_WORK(work, f) ((work)->func = (f))
#define schedule_work(work) queue_work_on(64, system_wq, work)

struct static_key { int enabled; void *entries; };
void static_key_enable(struct static_key *);
void static_key_disable(struct static_key *);
struct static_key_false { int enabled; void *entries; };
#define DEFINE_STATIC_KEY_FALSE(name) struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
static inline __attribute__((always_inline)) bool static_branch_unlikely(struct static_key_false *key)
{
	__asm__ goto("1: nop; .pushsection __jump_table,\"aw\"; .balign 8; .long 1b - ., %l[yes] - .;"
		     " .quad %c0 - .; .popsection" : : "i"(key) : : yes);
	return 0;
yes:
	return 1;
}
