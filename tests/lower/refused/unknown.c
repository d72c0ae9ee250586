int defined;
extern int elsewhere;
int no_body(int);
__task(0) void f(void)
{
	no_body(3);	/* refused: unknown 6:2 */
	defined = elsewhere;	/* refused: unknown 7:12 */
	if (0)
		no_body(4);
}
static inline void never_called(void) { no_body(5); }
