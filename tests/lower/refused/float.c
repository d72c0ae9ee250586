int x;
static double half(int v) { return v; }
__task(0) void f(void)
{
	float y = 1;	/* refused: float 5:8 */
	x = 2.5;	/* refused: float 6:6 */
	half(3);	/* refused: float 7:2 */
}
