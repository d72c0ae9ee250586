/* lint: H17 warning */
/* No list has its name; the scheduler calls it with the runqueue's lock held. */
#include "patch.h"

static void new_change(void *rq) { pr_info("change\n"); }

LIVEPATCH(NEW(hrtick_update, new_change));
