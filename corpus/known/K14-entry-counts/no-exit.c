/* klprove: expect violated assert; states 2472 */
#define COUNT_AT_EXIT 0
#include "protocol.h"

/* An exiting task takes its count along: it drains never. */
