/* lint: H10 warning */
#include "patch.h"

/* Written down from kernel/sched/core.c of another release, where the period was missing. */
struct task_group;
struct cfs_schedulable_data {
	struct task_group *tg;
	unsigned long long quota;
};

static int new_show(struct seq_file *m, void *unused)
{
	struct cfs_schedulable_data data = { .quota = (unsigned long)unused };

	return data.quota;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
