int x;
__task(0) void f(int cpu) { x = cpu; }	/* refused: context 2:16 */
__irq(x) void g(void) { x = 1; }	/* refused: context 3:15 */
__nmi(-3) void h(void) { x = 2; }	/* refused: context 4:16 */
__task(1) void declared(void);	/* refused: unknown 5:16 */
__task(0) __ghost void k(void) { }	/* refused: context 6:24 */
