/* lint: clean */
/* The function that is stored is the kernel's, which stays. */
#include <linux/delay.h>
#include <linux/workqueue.h>
#include "patch.h"

static int new_show(struct seq_file *m, struct work_struct *work)
{
	work->func = (void *)msleep;
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
