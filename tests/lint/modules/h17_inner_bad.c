/* lint: H17 error */
/* The printing is in a function of the module that the new body calls. */
#include "patch.h"

static noinline void complain(void) { pr_info("late\n"); }
static void new_tick(void *rq, void *task, int queued) { complain(); *(volatile int *)rq = 0; }

LIVEPATCH(NEW(task_tick_fair, new_tick));
