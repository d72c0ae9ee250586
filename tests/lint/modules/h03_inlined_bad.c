/* lint: H03 error */
#include "patch.h"

static unsigned int new_family(unsigned int signature) { return signature >> 8 & 31; }

LIVEPATCH(NEW(x86_family, new_family));
