/* lint: clean */
/* A key of the module's own, which no other code tests. */
#include <linux/jump_label.h>
#include "patch.h"

static DEFINE_STATIC_KEY_FALSE(key_of_our_own);

static int new_show(struct seq_file *m, void *v)
{
	if (static_branch_unlikely(&key_of_our_own))
		seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
