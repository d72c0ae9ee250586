/* klprove: expect violated use-after-free; states 98 */

/* Disabling while a task sleeps in the cold part of the new f: the transition
 * completes, the module goes, and the task returns into it. */
enum { NOWHERE, NEW_F, NEW_F_COLD };
char text;			/* of the livepatch's module */
int where;			/* return address on the stack of the task */
int asleep;			/* off its CPU: it can be switched from outside */
int patched = 1;		/* its patch_state */
int rq_lock;

static void lock(void)
{
	await(cmpxchg(&rq_lock, 0, 1) == 0);
}

static void unlock(void)
{
	smp_store_release(&rq_lock, 0);
}

__task(0) void task(void)
{
	where = choose(2) ? NEW_F : NEW_F_COLD;
	asleep = 1;
	lock();
	asleep = 0;
	unlock();
	READ_ONCE(text);	/* returns */
	where = NOWHERE;
	patched = 0;		/* on the way to user space */
}

static int found_on_stack(int place)
{
	return place == NEW_F;
}

__task(1) void klp_try_complete_transition(void)
{
	while (READ_ONCE(patched)) {
		lock();
		if (asleep && !found_on_stack(where))
			patched = 0;
		unlock();
	}
	kfree(&text);
}
