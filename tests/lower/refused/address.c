int *shared;
long number;
static int *escape(int *p) { return p; }
struct box { int *p; };
static void held(int *p) { struct box b = { p }; *b.p = 1; b.p = 0; }	/* refused: address 5:60 */
__task(0) void f(void)
{
	int x = 1, a[4] = { 0 }, i;
	int *p = &x;
	int y = 2;

	*escape(&x) = 3;
	shared = &x;	/* refused: address 13:2 */
	p = &y;	/* refused: address 9:7 */	/* refused: address 14:2 */
	number = (long)&x * 2;	/* refused: address 15:2 */
	for (i = 0; i < number; i++)
		a[i] = 1;	/* refused: address 17:3 */
	held(&x);
}
