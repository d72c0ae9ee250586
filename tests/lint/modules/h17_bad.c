/* lint: H17 error */
#include "patch.h"

static void new_tick(void *rq, void *task, int queued) { pr_info("tick\n"); }

LIVEPATCH(NEW(task_tick_fair, new_tick));
