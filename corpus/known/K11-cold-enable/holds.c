/* klprove: expect holds; states 70 */

/* An entry that is only looked for, for the cold part, as proposed on the list. */
enum { NOWHERE, OLD_F, OLD_F_COLD };
int where;			/* return address on the stack of the task */
int asleep;			/* off its CPU: it can be switched from outside */
int patched;			/* its patch_state */
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
	where = choose(2) ? OLD_F : OLD_F_COLD;
	asleep = 1;
	lock();
	asleep = 0;
	unlock();
	where = OLD_F;
	assert(!patched);	/* f calls g: an old f must not call a new g */
	where = NOWHERE;
	patched = 1;		/* on the way to user space */
}

static int found_on_stack(int place)
{
	return place == OLD_F || place == OLD_F_COLD;
}

__task(1) void klp_try_complete_transition(void)
{
	while (!READ_ONCE(patched)) {
		lock();
		if (asleep && !found_on_stack(where))
			patched = 1;
		unlock();
	}
}
