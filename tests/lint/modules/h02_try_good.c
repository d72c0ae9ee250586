/* lint: clean */
/* The way without an unlock is the one on which the lock was not taken. */
#include <linux/mutex.h>
#include "patch.h"

static long new_show(void *lock, void *attr, char *buf)
{
	if (mutex_lock_interruptible(lock))
		return -4;
	buf[0] = '0';
	mutex_unlock(lock);
	return 1;
}

LIVEPATCH(NEW(wq_nice_show, new_show));
