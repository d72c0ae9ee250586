// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * observe: where each function of this kernel is entered.
 *
 * One ftrace_ops on every function that has an ftrace site, with no flag at all: with
 * FTRACE_OPS_FL_RCU ftrace would leave out the calls while RCU is not watching, which are what is
 * looked for; and without FTRACE_OPS_FL_RECURSION no call is left out for being nested in another
 * one. The ops of livepatch (kernel/livepatch/patch.c, v6.1, v6.12) has no FL_RCU either: where
 * this callback runs, a livepatch handler would.
 *
 * So the callback runs anywhere: in NMIs, in the idle loop with RCU off, on CPUs that come up. It
 * calls nothing that can be traced, takes no lock and touches no user memory.
 *
 * debugfs: observe/seen has a line for each function and each way in which it was entered:
 *   site way count parent
 * site and parent (the return address at the first time) and way are hexadecimal, count decimal;
 * bits of way: see enum. observe/lost: entries that found no room.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

enum way {
	CONTEXT = 3,	/* 0 task, 1 softirq, 2 hardirq, 3 NMI or what counts as one */
	IRQS_OFF = 4,
	RCU_OFF = 8,
	IDLE = 16,	/* the idle task, or what interrupted it */
	WAYS = 32,
};

#define ORDER 16
#define SLOTS (1UL << ORDER)

struct slot {
	unsigned long site;
	atomic_t count[WAYS];
	unsigned long parent[WAYS];
};

static struct slot *slots;
static atomic_t lost = ATOMIC_INIT(0);

/* Open addressing; a slot is taken once and never given back, so no reader can be misled. */
static __always_inline struct slot *slot_of(unsigned long site)
{
	unsigned long at = (site * 0x9e3779b97f4a7c15UL) >> (64 - ORDER);
	int tries;

	for (tries = 0; tries < 64; tries++) {
		struct slot *slot = &slots[(at + tries) & (SLOTS - 1)];
		unsigned long there = READ_ONCE(slot->site);

		if (!there)
			there = cmpxchg(&slot->site, 0, site) ?: site;
		if (there == site)
			return slot;
	}
	return NULL;
}

static __always_inline unsigned int way_now(void)
{
	unsigned long count = preempt_count(), flags;
	unsigned int way = 0;

	/* Not irqs_disabled(): that goes through pv_ops. */
	asm volatile("pushfq; popq %0" : "=r" (flags) : : "memory");
	/* An NMI counts as a hardirq, too; a hardirq may be on top of a softirq. */
	if (count & NMI_MASK)
		way = 3;
	else if (count & HARDIRQ_MASK)
		way = 2;
	else if (count & SOFTIRQ_OFFSET)
		way = 1;
	if (!(flags & X86_EFLAGS_IF))
		way |= IRQS_OFF;
	if (!rcu_is_watching())
		way |= RCU_OFF;
	if (!current->pid)
		way |= IDLE;
	return way;
}

static void notrace entered(unsigned long site, unsigned long parent, struct ftrace_ops *ops,
			    struct ftrace_regs *regs)
{
	unsigned int way = way_now();
	struct slot *slot = slot_of(site);

	if (!slot) {
		atomic_inc(&lost);
		return;
	}
	if (!READ_ONCE(slot->parent[way]))
		WRITE_ONCE(slot->parent[way], parent);
	atomic_inc(&slot->count[way]);
}

static struct ftrace_ops everything = { .func = entered };

static void *seen_at(loff_t *at)
{
	while (*at < SLOTS && !slots[*at].site)
		++*at;
	return *at < SLOTS ? &slots[*at] : NULL;
}

static void *seen_start(struct seq_file *file, loff_t *at)
{
	return seen_at(at);
}

static void *seen_next(struct seq_file *file, void *slot, loff_t *at)
{
	++*at;
	return seen_at(at);
}

static void seen_stop(struct seq_file *file, void *slot)
{
}

static int seen_show(struct seq_file *file, void *at)
{
	struct slot *slot = at;
	int way;

	for (way = 0; way < WAYS; way++) {
		int count = atomic_read(&slot->count[way]);

		if (count)
			seq_printf(file, "%lx %x %u %lx\n", slot->site, way, count,
				   slot->parent[way]);
	}
	return 0;
}

static const struct seq_operations seen_sops = {
	.start = seen_start,
	.next = seen_next,
	.stop = seen_stop,
	.show = seen_show,
};
DEFINE_SEQ_ATTRIBUTE(seen);

static struct dentry *folder;

static int __init observe_init(void)
{
	int error;

	slots = vzalloc(SLOTS * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	folder = debugfs_create_dir("observe", NULL);
	debugfs_create_file("seen", 0400, folder, NULL, &seen_fops);
	debugfs_create_atomic_t("lost", 0400, folder, &lost);
	error = register_ftrace_function(&everything);
	if (error) {
		debugfs_remove(folder);
		vfree(slots);
	}
	return error;
}

static void __exit observe_exit(void)
{
	/* Waits until no CPU is in the callback. */
	unregister_ftrace_function(&everything);
	debugfs_remove(folder);
	vfree(slots);
}

module_init(observe_init);
module_exit(observe_exit);
MODULE_DESCRIPTION("Where each function of this kernel is entered");
MODULE_LICENSE("GPL");
