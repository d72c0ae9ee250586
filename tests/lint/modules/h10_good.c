/* lint: clean */
#include "patch.h"

/* As this kernel has it; names of types do not matter. */
struct task_group;
struct cfs_schedulable_data {
	struct task_group *tg;
	unsigned long long period, quota;
};

static int new_show(struct seq_file *m, void *unused)
{
	struct cfs_schedulable_data data = { .quota = (unsigned long)unused };

	return data.quota;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
