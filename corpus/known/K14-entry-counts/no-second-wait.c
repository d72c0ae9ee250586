/* klprove: expect violated use-after-free; states 2069 */
#define WAIT_AGAIN 0
#include "protocol.h"

/* No round after it: who has counted down still runs the last instructions. */
