/* klprove: expect violated use-after-free; states 2429 */
#define WAIT_BEFORE 0
#include "protocol.h"

/* No round before the sum is looked at: entries under way are not counted yet. */
