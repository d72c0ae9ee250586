int n;
__task(0) void f(void)
{
	int a[n];	/* refused: vla 4:6 */
	a[0] = 1;
	n = sizeof(char[n]);	/* refused: vla 6:6 */
}
