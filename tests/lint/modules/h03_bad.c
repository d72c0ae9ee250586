/* lint: H03 warning | 6.12: H12 error */
#include "patch.h"

static int new_write(char *to) { *to = 3; return 1; }

LIVEPATCH(NEW(elf_map, new_write));
