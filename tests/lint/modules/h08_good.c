/* lint: clean */
/* BPF may override it, but nobody does so as a rule: a note. */
#include "patch.h"

static int new_open(void *file) { return 0; }

LIVEPATCH(NEW(security_file_open, new_open));
