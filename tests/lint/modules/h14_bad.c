/* lint: H14 warning */
#define CALLBACKS .pre_patch = prepare
#include "patch.h"

static int limit;

static int prepare(struct klp_object *obj) { limit = 1; return 0; }
static int new_show(struct seq_file *m, void *v) { return limit; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
