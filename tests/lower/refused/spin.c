int x;
__task(0) void f(void)
{
	int i = 3, j = 0;

	x = 1;
	while (j < 5)
		j++;
	while (i)	/* refused: spin 9:2 */
		cpu_relax();
}
__task(1) void g(void)
{
	for (;;) {	/* refused: spin 14:2 */
	}
}
__task(2) void h(void)
{
	int k = x;
again:
	if (k)
		goto again;	/* refused: spin 22:3 */
	while (!x)
		cpu_relax();
	do {	/* refused: spin 25:2 */
		barrier();
	} while (1);
}
