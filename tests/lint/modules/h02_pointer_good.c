/* lint: clean */
/* The old lock itself, by an address that was looked up. */
#include <linux/mutex.h>
#include "patch.h"

static struct mutex *old_mutex;
static void *hook;

static void new_set(void *to)
{
	mutex_lock(old_mutex);
	hook = to;
	mutex_unlock(old_mutex);
}

LIVEPATCH(NEW(brioctl_set, new_set));
