/* lint: clean */
/* Two patched functions one of which calls the other, and goes on after that. */
#include "patch.h"

static int new_create(int flags) { return 0; }
static long new_native(const void *regs) { return 0; }
static long new_compat(const void *regs) { return 1; }

LIVEPATCH(NEW(__x64_sys_epoll_create1, new_native), NEW(__ia32_sys_epoll_create1, new_compat),
	  NEW(do_epoll_create, new_create));
