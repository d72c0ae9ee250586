/* lint: clean */
/* The name is the old variable's, and nobody writes it. */
#include "patch.h"

static void new_mask(void *data)
{
	static const int spurious_irq_mask[] = { 1, 2, 4, 8 };

	*(volatile int *)data = spurious_irq_mask[*(volatile int *)data & 3];
}

LIVEPATCH(NEW(mask_and_ack_8259A, new_mask));
