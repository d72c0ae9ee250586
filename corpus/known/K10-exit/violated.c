/* klprove: expect violated use-after-free; states 34 */

/* do_exit() is patched: the exiting task leaves the list of tasks while it still
 * runs the new function, and no transition sees it any more. */
char text;			/* of the livepatch's module */
int on_list = 1;
int in_new_code = 1;		/* what a look at the task's stack shows */
int tasklist_lock;

static void lock(void)
{
	await(cmpxchg(&tasklist_lock, 0, 1) == 0);
}

static void unlock(void)
{
	smp_store_release(&tasklist_lock, 0);
}

static void release_task(void)
{
	lock();
	on_list = 0;
	unlock();
}

__task(0) void do_exit(void)
{
	READ_ONCE(text);
	release_task();
	READ_ONCE(text);	/* still in the new do_exit() */
	in_new_code = 0;
}

/* A newer livepatch replaces this one: it is done with the tasks on the list,
 * then the module goes. */
__task(1) void replace(void)
{
	int busy;

	do {
		lock();
		busy = on_list && in_new_code;
		unlock();
	} while (busy);
	kfree(&text);
}
