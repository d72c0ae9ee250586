/* lint: clean */
/* Both entries call it. */
#include "patch.h"

static int new_create(int flags) { return 0; }

LIVEPATCH(NEW(do_epoll_create, new_create));
