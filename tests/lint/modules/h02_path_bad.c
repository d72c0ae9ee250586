/* lint: H02 warning */
/* One way out forgets the unlock that the other has. */
#include <linux/mutex.h>
#include "patch.h"

static long new_show(void *lock, void *attr, char *buf)
{
	mutex_lock(lock);
	if (!buf)
		return -22;
	buf[0] = '0';
	mutex_unlock(lock);
	return 1;
}

LIVEPATCH(NEW(wq_nice_show, new_show));
