/* lint: clean */
/* sort() is done with the function when it returns. */
#include <linux/sort.h>
#include "patch.h"

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int new_show(struct seq_file *m, void *v)
{
	sort(v, 4, sizeof(int), compare, NULL);
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
