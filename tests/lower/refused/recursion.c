int x;
static void ping(int n);
static void pong(int n) { x = n; ping(n + 1); }	/* refused: recursion 3:34 */
static void ping(int n) { pong(n); }
__task(0) void f(void)
{
	ping(0);
}
