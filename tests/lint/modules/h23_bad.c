/* lint: H23 warning */
#include "patch.h"

static void new_update(void *event) { }
static void new_stop(void *event, int flags) { }

LIVEPATCH(NEW(msr_event_stop, new_stop), NEW(msr_event_update, new_update));
