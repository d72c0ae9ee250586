/* lint: H16 warning */
/* It prints in an NMI, as the old one does. */
#include "patch.h"

static void new_error(unsigned char reason, void *regs) { pr_info("reason %d\n", reason); }

LIVEPATCH(NEW(unknown_nmi_error, new_error));
