/* lint: H13 warning after h13_pair, h13_next */
/* What the patch before the last one mended is lost; the last one never had it. */
#define REPLACE true
#include "patch.h"

static void new_files(void *task) { }

LIVEPATCH(NEW(exit_files, new_files));
