/* klprove: expect violated assert use-after-free; states 2790 */
#define COUNT_AT_FORK 0
#include "protocol.h"

/* No count for a new task, which leaves all the same. */
