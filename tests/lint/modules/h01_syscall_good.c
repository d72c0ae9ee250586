/* lint: clean */
/* Every system call goes through it, and it is left by a jump: no task that waits has it on its stack. */
#include "patch.h"

static long new_call(const void *regs, unsigned int nr) { return nr; }

LIVEPATCH(NEW(x64_sys_call, new_call));
