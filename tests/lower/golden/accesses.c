/* Each access of shared memory is a step; locals, barriers and constants are none. */
struct pair { int a; unsigned int low : 4, high : 4; };
int x;
static struct pair pool[2], copy_of;
const int limit = 7;
atomic_t count;

__task(0) void f(void)
{
	int i = READ_ONCE(x);

	x++;
	smp_mb();
	READ_ONCE(x);
	WRITE_ONCE(x, limit);
	pool[1].high = 3;
	copy_of = pool[0];
	if (i < limit && x > i)
		atomic_inc(&count);
	if (atomic_cmpxchg(&count, 1, i) == 1)
		x = pool[i].a;
	x = i / x;
}
