/* lint: H21 error */
#include "patch.h"

/* Callers pass a second parameter, and read an int. */
static long new_show(struct seq_file *m)
{
	seq_puts(m, "root=/dev/sdb1\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
