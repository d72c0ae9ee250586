/* klprove: expect holds; states 2193 */
#include "protocol.h"

/* All of it. */
