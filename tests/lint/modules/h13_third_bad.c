/* lint: H13 warning after h13_pair, h13_next */
/* What the patch before the last one mended is lost; the last one never had it. */
#define REPLACE true
#include "patch.h"

static int new_show(struct seq_file *m, void *v) { seq_puts(m, "patched\n"); return 0; }

LIVEPATCH(NEW(exit_files, new_show));
