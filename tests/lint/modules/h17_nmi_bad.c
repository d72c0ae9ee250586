/* lint: H16 warning; H17 error */
#include <linux/delay.h>
#include "patch.h"

static void new_error(unsigned char reason, void *regs) { msleep(1); }

LIVEPATCH(NEW(unknown_nmi_error, new_error));
