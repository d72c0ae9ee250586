/* lint: clean */
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(exit_files, new_show));
