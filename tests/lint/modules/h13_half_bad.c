/* lint: H13 warning after h13_pair */
/* The older patch counts in one function and asks in the other; this one has the first only. */
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
