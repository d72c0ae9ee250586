/* klprove: expect holds; memory-model tso; states 72 */
#include "wait.h"

/* A full barrier on either side. */
