/* lint: H05 error | 6.12: H05 error; H21 warning */
#include "patch.h"

static void new_schedule(unsigned int mode) { }

LIVEPATCH(NEW(__schedule, new_schedule));
