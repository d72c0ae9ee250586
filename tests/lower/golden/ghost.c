/* Ghost code takes no steps; hooks run where an object is read; warnings run theirs. */
static int reads, warned;
__ghost static void looked(void) { reads++; }
__on_read(looked) static int watched[2];
static int *pointer = &watched[1];
__on_warn static void on_warn(void) { warned = reads; }

__task(0) void f(void)
{
	int x = watched[0];

	watched[1] = x;
	x = *pointer;
	WARN_ON(x == 5);
	looked();
}
