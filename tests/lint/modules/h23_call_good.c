/* lint: clean */
/* Two patched functions one of which calls the other, and goes on after that. */
#include "patch.h"

static int new_getpgid(int pid) { return 0; }
static long new_native(const void *regs) { return 0; }
static long new_compat(const void *regs) { return 1; }

LIVEPATCH(NEW(__x64_sys_getpgid, new_native), NEW(__ia32_sys_getpgid, new_compat),
	  NEW(do_getpgid, new_getpgid));
