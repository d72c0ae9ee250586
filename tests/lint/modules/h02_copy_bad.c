/* lint: H02 warning */
/* A lock of its own, which nobody in old code takes. */
#include <linux/mutex.h>
#include "patch.h"

static DEFINE_MUTEX(hook_mutex);
static void *hook;

static void new_set(void *to)
{
	mutex_lock(&hook_mutex);
	hook = to;
	mutex_unlock(&hook_mutex);
}

LIVEPATCH(NEW(brioctl_set, new_set));
