/* lint: H09 warning */
/* The key has the kernel's name and is another: nobody switches it. */
#include <linux/jump_label.h>
#include "patch.h"

static DEFINE_STATIC_KEY_FALSE(rps_needed);

static int new_show(struct seq_file *m, void *v)
{
	if (static_branch_unlikely(&rps_needed))
		seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
