/* lint: clean */
#include <linux/jump_label.h>
#define CALLBACKS .post_patch = on, .pre_unpatch = off
#include "patch.h"

extern struct static_key rps_needed;

static void on(struct klp_object *obj) { static_key_enable(&rps_needed); }
static void off(struct klp_object *obj) { static_key_disable(&rps_needed); }
static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
