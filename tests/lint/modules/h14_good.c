/* lint: clean */
#define CALLBACKS .pre_patch = prepare, .post_unpatch = restore
#include "patch.h"

static int limit;

static int prepare(struct klp_object *obj) { limit = 1; return 0; }
static void restore(struct klp_object *obj) { limit = 0; }
static int new_show(struct seq_file *m, void *v) { return limit; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
