/* lint: clean */
/* Called at boot, and kept. */
#include "patch.h"

static void new_tick(void *old, void *new, int cpu, void *cpus) { }

LIVEPATCH(NEW(tick_setup_device, new_tick));
