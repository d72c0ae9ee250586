/* klprove: expect violated assert; states 585 */

/* fork() copies the thread flags of its parent early and patch_state late; a
 * transition that passes in between leaves the child with an old flag. */
enum { UNPATCHED, PATCHED };
struct task {
	int pending;		/* TIF_PATCH_PENDING */
	int patch_state;
	int on_list;
} parent = { 0, UNPATCHED, 1 }, child;
int asleep;			/* the parent is off its CPU: it can be switched from outside */
int tasklist_lock;		/* stands for the run queue's lock as well */

static void lock(void)
{
	await(cmpxchg(&tasklist_lock, 0, 1) == 0);
}

static void unlock(void)
{
	smp_store_release(&tasklist_lock, 0);
}

__task(0) void copy_process(void)
{
	child.pending = parent.pending;		/* setup_thread_stack() */
	asleep = 1;				/* waits for memory */
	lock();
	asleep = 0;
	unlock();
	lock();
	child.patch_state = parent.patch_state;	/* klp_copy_process() */
	child.on_list = 1;
	unlock();
}

static void start(struct task *task, int target)
{
	if (task->on_list && task->patch_state != target)
		task->pending = 1;
}

static int switched(struct task *task, int target, int sleeps)
{
	if (!task->on_list || task->patch_state == target)
		return 1;
	if (!sleeps)
		return 0;
	task->pending = 0;
	task->patch_state = target;
	return 1;
}

/* klp_enable_patch(), perhaps klp_reverse_transition(), and attempts until
 * klp_complete_transition(). */
__task(1) void enable_patch(void)
{
	int target = PATCHED;
	int done;

	lock();
	start(&parent, target);
	start(&child, target);
	unlock();
	if (choose(2)) {
		target = UNPATCHED;
		lock();
		parent.pending = 0;
		if (child.on_list)
			child.pending = 0;
		start(&parent, target);
		start(&child, target);
		unlock();
	}
	do {
		lock();
		done = switched(&parent, target, asleep) & switched(&child, target, 1);
		unlock();
	} while (!done);
	lock();
	assert(!(child.on_list && child.pending));	/* a switched task owes nothing */
	unlock();
}
