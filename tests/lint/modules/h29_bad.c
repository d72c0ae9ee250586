/* lint: H29 warning */
#include <linux/stop_machine.h>
#define CALLBACKS .pre_patch = stop, .post_unpatch = nothing
#include "patch.h"

static int look(void *data) { return 0; }
static int stop(struct klp_object *obj) { return stop_machine(look, NULL, NULL); }
static void nothing(struct klp_object *obj) { }
static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
