/* lint: clean */
#include "patch.h"

/* A copy of the first is in the second, which is patched as well. */
static unsigned int new_family(unsigned int signature) { return signature >> 8 & 31; }
static unsigned int new_model(unsigned int signature)
{
	return new_family(signature) >= 6 ? signature >> 4 & 15 : 0;
}

LIVEPATCH(NEW(x86_family, new_family), NEW(x86_model, new_model));
