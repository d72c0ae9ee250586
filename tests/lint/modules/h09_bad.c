/* lint: H09 error; H12 error */
#include <linux/jump_label.h>
#include "patch.h"

DECLARE_STATIC_KEY_FALSE(key_of_some_module);

static int new_show(struct seq_file *m, void *v)
{
	if (static_branch_unlikely(&key_of_some_module))
		seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
