/* lint: clean */
/* The name is the old variable's, and nobody writes it. */
#include "patch.h"

static int new_mask(int *data)
{
	static const int spurious_irq_mask[] = { 1, 2, 4, 8 };

	return data[spurious_irq_mask[data[0] & 3]];
}

LIVEPATCH(NEW(mask_and_ack_8259A, new_mask));
