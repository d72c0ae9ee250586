/* klprove: expect holds; memory-model tso; states 46 */
#include "transition.h"

/* As the kernel has it. */
