/* lint: clean */
#include "patch.h"

/* A pointer to anything, and another name for int, are what callers pass and read. */
typedef int answer;

static answer new_show(struct seq_file *const m, void *unused)
{
	seq_puts(m, "root=/dev/sdb1\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
