/* klprove: expect holds; memory-model tso; states 46 */
#define WMB barrier()
#include "transition.h"

/* Stores leave a store buffer in order: x86 keeps what smp_wmb() asks for. */
