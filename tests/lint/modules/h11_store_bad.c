/* lint: H11 warning */
#include "patch.h"

struct irq_data;

static void new_mask(struct irq_data *data)
{
	static volatile int spurious_irq_mask;

	spurious_irq_mask = 5;
}

LIVEPATCH(NEW(mask_and_ack_8259A, new_mask));
