/* lint: clean */
#include <linux/mutex.h>
#include "patch.h"

static DEFINE_MUTEX(lock);

static int new_show(struct seq_file *m, void *v)
{
	mutex_lock(&lock);
	seq_puts(m, "patched\n");
	mutex_unlock(&lock);
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
