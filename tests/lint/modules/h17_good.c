/* lint: clean */
#include "patch.h"

static int ticks;

static void new_tick(void *rq, void *task, int queued) { ticks++; }

LIVEPATCH(NEW(task_tick_fair, new_tick));
