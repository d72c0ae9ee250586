/* lint: H18 warning after h01_bad */
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
