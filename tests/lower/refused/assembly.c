int x;
__task(0) void f(void)
{
	x = 1;
	asm volatile("pause");	/* refused: assembly 5:2 */
	x = 2;
	__asm__("nop" : : : "memory");	/* refused: assembly 7:2 */
}
asm(".globl x");	/* refused: assembly 9:1 */
