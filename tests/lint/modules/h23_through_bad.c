/* lint: H23 warning */
/* There is a third function between them, which jumps on as well. */
#include "patch.h"

static long new_call(const void *regs, unsigned int nr) { return nr; }
static long new_shmdt(char *address) { return 0; }

LIVEPATCH(NEW(x64_sys_call, new_call), NEW(ksys_shmdt, new_shmdt));
