int x;
__task(0) void f(void)
{
	char big[5000];	/* refused: large 4:7 */

	big[0] = 1;
	x = big[0];
}
