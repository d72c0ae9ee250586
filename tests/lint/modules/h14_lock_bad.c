/* lint: H14 error */
/* Loading a module takes the lock that is held around callbacks. */
#include <linux/kmod.h>
#define CALLBACKS .pre_patch = load, .post_unpatch = nothing
#include "patch.h"

static int load(struct klp_object *obj) { return request_module("dummy"); }
static void nothing(struct klp_object *obj) { }
static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
