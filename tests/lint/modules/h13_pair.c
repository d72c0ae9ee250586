/* lint: clean */
#include "patch.h"

static int shown;

static int new_cmdline(struct seq_file *m, void *v) { shown++; return 0; }
static int new_version(struct seq_file *m, void *v) { return shown; }

LIVEPATCH(NEW(cmdline_proc_show, new_cmdline), NEW(version_proc_show, new_version));
