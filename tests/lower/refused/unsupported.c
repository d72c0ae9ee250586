_Atomic int counter;
int x;
static int many(int n, ...) { return n; }
__ghost static void ghost(void) { local_irq_disable(); }	/* refused: unsupported 4:35 */
__task(0) void f(void)
{
	void *target = &&out;	/* refused: unsupported 7:17 */

	counter = 1;	/* refused: unsupported 9:2 */
	x = many(1, 2);	/* refused: unsupported 10:6 */
	ghost();
	x = choose(x);	/* refused: unsupported 12:6 */
	goto *target;	/* refused: unsupported 13:2 */
out:
	x = 0;
}
