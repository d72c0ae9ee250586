/* lint: H19 warning */
#include "patch.h"

static int new_show(struct seq_file *m, void *v)
{
	return !klp_shadow_alloc(m, 0x2017, 8, GFP_KERNEL, NULL, NULL);
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
