/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/cmdline says. */
#include <linux/seq_file.h>

#define OLD "cmdline_proc_show"

static int replacement(struct seq_file *file, void *unused)
{
	seq_puts(file, "patched\n");
	return 0;
}
