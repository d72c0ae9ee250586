/* klprove: expect violated use-after-free; memory-model tso; states 101 */
#define HANDLER_BARRIER barrier()
#include "wait.h"

/* The flag waits in the store buffer while the handler reads. */
