/* lint: clean */
/* The message is put off until nobody holds the lock. */
#include <linux/irq_work.h>
#define CALLBACKS .post_unpatch = stop
#include "patch.h"

static void later(struct irq_work *work) { pr_info("late\n"); }
static struct irq_work work = { .func = later };

static void new_tick(void *rq, void *task, int queued) { irq_work_queue(&work); }
static void stop(struct klp_object *obj) { irq_work_sync(&work); }

LIVEPATCH(NEW(task_tick_fair, new_tick));
