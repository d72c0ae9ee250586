struct pair { int a, b; };
int x;
__task(0) void f(void)
{
	struct pair p = { 1, 2 };

	x = *(&p.b + 1);	/* refused: memory 7:6 */
	kfree(&p);	/* refused: memory 8:2 */
}
