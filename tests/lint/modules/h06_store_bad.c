/* lint: H06 error */
#include <linux/workqueue.h>
#include "patch.h"

static void later(struct work_struct *work) { pr_info("later\n"); }

static int new_show(struct seq_file *m, struct work_struct *work)
{
	work->func = later;
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
