/* Recursion is followed to its bound, where the answer becomes incomplete. */
int x;

static void down(int n)
{
	if (READ_ONCE(x) > n)
		down(n + 1);
}

__task(0) void f(void)
{
	down(0);
}
