/* lint: H30 error */
#define INFORMATION
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
