/* lint: H16 warning */
#include "patch.h"

static void new_error(unsigned char reason, void *regs) { }

LIVEPATCH(NEW(unknown_nmi_error, new_error));
