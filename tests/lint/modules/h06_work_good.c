/* lint: clean */
#include <linux/workqueue.h>
#define CALLBACKS .post_unpatch = stop
#include "patch.h"

static void later(struct work_struct *work) { pr_info("later\n"); }
static DECLARE_WORK(work, later);

static int new_show(struct seq_file *m, void *v)
{
	schedule_work(&work);
	return 0;
}

static void stop(struct klp_object *obj) { cancel_work_sync(&work); }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
