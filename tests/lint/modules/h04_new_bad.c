/* lint: H04 error | 6.12: clean */
#include <linux/delay.h>
#include "patch.h"

static int new_show(struct seq_file *m, void *v)
{
	if (unlikely(!v)) {
		pr_err("nothing to show yet\n");
		msleep(10);
	}
	seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
