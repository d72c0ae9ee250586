/* lint: H04 warning | 6.12: clean */
/* The old function's cold part calls a function that takes a mutex. */
#include "patch.h"

static int new_add(unsigned long base, unsigned long size, unsigned int type, bool more) { return 0; }

LIVEPATCH(NEW(mtrr_add, new_add));
