/* lint: H12 error */
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { return 0; }

LIVEPATCH(NEW(cmdline_proc_shows, new_show));
