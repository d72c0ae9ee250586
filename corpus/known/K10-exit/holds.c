/* klprove: expect holds; states 40 */

/* What is patched ends before the task leaves the list of tasks. */
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
	READ_ONCE(text);
	in_new_code = 0;
	release_task();
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
