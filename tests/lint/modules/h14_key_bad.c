/* lint: H14 warning */
/* Something is undone, but not this. */
#include <linux/jump_label.h>
#define CALLBACKS .post_patch = on, .post_unpatch = off
#include "patch.h"

extern struct static_key rps_needed;
static int limit;

static void on(struct klp_object *obj) { static_key_enable(&rps_needed); limit = 1; }
static void off(struct klp_object *obj) { limit = 0; }
static int new_show(struct seq_file *m, void *v) { return limit; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
