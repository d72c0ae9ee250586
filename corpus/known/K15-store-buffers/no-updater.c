/* klprove: expect violated use-after-free; memory-model tso; states 94 */
#define UPDATER_BARRIER barrier()
#include "wait.h"

/* The unlinking waits in the store buffer while the updater looks. */
