/* lint: clean */
#define STATES states
#include "patch.h"

static struct klp_state states[] = { { .id = 7, .version = 2 }, { } };

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "old\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show), NEW(version_proc_show, new_show));
