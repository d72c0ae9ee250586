/* klprove: expect violated assert use-after-free; states 3245 */
#define COUNT_AT_ENTRY 0
#include "protocol.h"

/* No count at entry. */
