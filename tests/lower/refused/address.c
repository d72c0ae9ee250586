int *shared;
long number;
static int *escape(int *p) { return p; }
__task(0) void f(void)
{
	int x = 1, a[4] = { 0 }, i;
	int *p = &x;
	int y = 2;

	*escape(&x) = 3;
	shared = &x;	/* refused: address 11:2 */
	p = &y;	/* refused: address 7:7 */	/* refused: address 12:2 */
	number = (long)&x * 2;	/* refused: address 13:2 */
	for (i = 0; i < number; i++)
		a[i] = 1;	/* refused: address 15:3 */
}
