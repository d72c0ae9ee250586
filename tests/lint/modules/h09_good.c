/* lint: clean */
#include <linux/jump_label.h>
#include "patch.h"

DECLARE_STATIC_KEY_FALSE(rps_needed);

static int new_show(struct seq_file *m, void *v)
{
	if (static_branch_unlikely(&rps_needed))
		seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
