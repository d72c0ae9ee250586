/* lint: H27 warning */
#include "patch.h"

static void new_finish(void) { }

LIVEPATCH(NEW(text_poke_finish, new_finish));
