/* lint: clean */
/* It only says something: there is nothing to undo. */
#define CALLBACKS .post_patch = tell
#include "patch.h"

static void tell(struct klp_object *obj) { pr_info("patched\n"); }
static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
