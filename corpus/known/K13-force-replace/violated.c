/* klprove: expect violated use-after-free; states 20 */

/* A task sleeps in livepatch A. B replaces A, and the administrator forces that
 * transition; then A is unloaded. */
char text_a;			/* of A's module */
int in_a = 1;			/* the task is inside A */
int forced_a, forced_b;		/* never to be unloaded */

__task(0) void task(void)
{
	READ_ONCE(text_a);	/* wakes up, and returns through A */
	in_a = 0;
}

static void force(void)
{
}

__task(1) void administrator(void)
{
	if (READ_ONCE(in_a))	/* the transition to B waits */
		force();
	if (!forced_a)
		kfree(&text_a);	/* klp_free_replaced_patches_async(), rmmod */
}
