/* lint: clean */
/* It runs in interrupts, which is not the same. */
#include "patch.h"

static void new_mask(void *data) { *(volatile int *)data = 0; }

LIVEPATCH(NEW(mask_and_ack_8259A, new_mask));
