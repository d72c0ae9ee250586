/* lint: H04 warning | 6.12: clean */
/* What sleeps is below a function of the kernel that the cold part calls. */
#include <linux/pci.h>
#include "patch.h"

static int new_show(struct seq_file *m, void *v)
{
	if (unlikely(!v)) {
		pr_err("nothing to show yet\n");
		pci_lock_rescan_remove();
		pr_err("not now, either\n");
		pci_unlock_rescan_remove();
	}
	seq_puts(m, "patched\n");
	return 0;
}

LIVEPATCH(NEW(cmdline_proc_show, new_show));
