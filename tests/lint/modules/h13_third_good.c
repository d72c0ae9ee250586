/* lint: clean after h13_old, h13_good */
/* The oldest is replaced already: its state is the one of its successor. */
#define STATES states
#define REPLACE true
#include "patch.h"

static struct klp_state states[] = { { .id = 7, .version = 3 }, { } };

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(cmdline_proc_show, new_show), NEW(version_proc_show, new_show));
