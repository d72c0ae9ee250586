/* lint: clean */
/* The mode is another, and the function that takes it gives it back. */
#include <linux/rwsem.h>
#include "patch.h"

static struct rw_semaphore *sem;

static void new_rcv(void *skb)
{
	down_write(sem);
	*(volatile int *)skb = 0;
	up_write(sem);
}

LIVEPATCH(NEW(genl_rcv, new_rcv));
