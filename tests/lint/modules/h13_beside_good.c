/* lint: clean after h13_pair */
/* Another function beside them, and nothing is replaced. */
#include "patch.h"

static void new_files(void *task) { }

LIVEPATCH(NEW(exit_files, new_files));
