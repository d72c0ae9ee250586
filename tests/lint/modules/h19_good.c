/* lint: clean */
#define CALLBACKS .post_unpatch = drop
#include "patch.h"

static int new_show(struct seq_file *m, void *v)
{
	return !klp_shadow_alloc(m, 0x2017, 8, GFP_KERNEL, NULL, NULL);
}

static void drop(struct klp_object *obj) { klp_shadow_free_all(0x2017, NULL); }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
