/* klprove: expect violated assert; states 2654 */
#define COUNT_AT_LEAVE 0
#include "protocol.h"

/* No count at exit to user mode: it drains never. */
