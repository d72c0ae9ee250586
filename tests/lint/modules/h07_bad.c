/* lint: H07 error */
#include "patch.h"

static void new_exit(int signal) { }

LIVEPATCH(NEW(make_task_dead, new_exit));
