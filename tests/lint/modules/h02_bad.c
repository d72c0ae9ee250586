/* lint: H02 warning */
#include <linux/mutex.h>
#include "patch.h"

static DEFINE_MUTEX(lock);

static long new_show(void *dev, void *attr, char *buf)
{
	mutex_lock(&lock);
	buf[0] = '0';
	return 1;
}

LIVEPATCH(NEW(wq_nice_show, new_show));
