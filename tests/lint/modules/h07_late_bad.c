/* lint: H07 warning */
/* No list has its name: do_exit() calls it when the task has left the list of tasks. */
#include "patch.h"

static void new_context(void *task) { }

LIVEPATCH(NEW(exit_io_context, new_context));
