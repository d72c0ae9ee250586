/* lint: H02 warning */
/* It gives back another lock than it takes. */
#include <linux/mutex.h>
#include "patch.h"

struct pair { long first; struct mutex one, two; };

static long new_show(void *dev, void *attr, char *buf)
{
	struct pair *pair = dev;

	mutex_lock(&pair->one);
	buf[0] = '0';
	mutex_unlock(&pair->two);
	return 1;
}

LIVEPATCH(NEW(wq_nice_show, new_show));
