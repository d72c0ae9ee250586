/* lint: H02 warning */
/* The old one takes it for reading and lets another give it back: sysvipc_proc_stop() does so for reading. */
#include <linux/rwsem.h>
#include "patch.h"

static void *new_start(void *sem, void *pos)
{
	down_write(sem);
	return pos;
}

LIVEPATCH(NEW(sysvipc_proc_start, new_start));
