/* lint: clean */
/* The walk is in a new function, which runs when somebody asks, and not in a callback. */
#include <linux/stop_machine.h>
#include "patch.h"

static int look(void *data) { return 0; }
static int new_show(struct seq_file *m, void *v) { return stop_machine(look, NULL, NULL); }

LIVEPATCH(NEW(cmdline_proc_show, new_show));
