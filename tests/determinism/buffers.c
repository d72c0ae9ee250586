/* Store buffering: both tasks may read 0 under x86-TSO. */
int x, y, r[2], done;
__task(0) void one(void) { x = 1; r[0] = y; atomic_inc(&done); }
__task(1) void two(void) { y = 1; r[1] = x; atomic_inc(&done); await(done == 2); assert(r[0] || r[1]); }
