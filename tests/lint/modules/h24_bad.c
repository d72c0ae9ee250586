/* lint: H24 error */
#include "patch.h"

static void new_start(void) { }

LIVEPATCH(NEW(start_kernel, new_start));
