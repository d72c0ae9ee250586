/* A call through a pointer that is read goes to every function it may mean. */
static int one(int v) { return v + 1; }
static int two(int v) { return v * 2; }
static void no_match(void) { }
int (*which)(int) = one;
void (*other)(void) = no_match;
int x;

__task(0) void f(void)
{
	int (*chosen)(int) = two;

	which = two;
	x = which(x);
	x = chosen(3);
}
