/* lint: clean */
#include "patch.h"

static void new_stop(void *event, int flags) { }

LIVEPATCH(NEW(msr_event_stop, new_stop));
