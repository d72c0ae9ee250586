/* Compilers do not agree what a bit-field wider than int is in arithmetic. */
/* refused: unsupported 11:8 */
/* refused: unsupported 12:10 */
/* refused: unsupported 13:14 */
/* refused: unsupported 14:17 */
/* refused: unsupported 15:13 */
struct wide { unsigned long u : 40; long s : 33; } x;
unsigned long r;
__task(0) void run(void)
{
	r = x.u + 1;
	r = ~(x.u);
	r = 1 == (x.s = 3);
	r = (r ? 1 : x.u++) > 1;
	r += (r, x.u);
	x.u += 1;
	r = (unsigned long)x.u + 1;
	r = x.u ? x.u : x.s;
}
