/* lint: H17 error */
#include "patch.h"

static void new_tick(void) { pr_info("tick\n"); }

LIVEPATCH(NEW(scheduler_tick, new_tick));
