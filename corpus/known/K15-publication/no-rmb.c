/* klprove: expect holds; memory-model tso; states 46 */
#define RMB barrier()
#include "transition.h"

/* And it reads in order, which is all that smp_rmb() asks for. */
