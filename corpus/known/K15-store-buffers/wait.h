/* wait.h - a handler that says it is there, an updater that unlinks and waits.
 *
 * Models: preempt_disable and the first read of klp_ftrace_handler against
 * klp_unpatch_func and a wait that looks at a flag of the other CPU.
 * Leaves out: the kernel's own wait, schedule_on_each_cpu, which runs on that CPU
 * and so is a full barrier there: with it neither barrier here is needed.
 */
#ifndef HANDLER_BARRIER
#define HANDLER_BARRIER	smp_mb()
#endif
#ifndef UPDATER_BARRIER
#define UPDATER_BARRIER	smp_mb()
#endif

int func[2];			/* klp_func: the entry that goes, the one below */
int top;			/* the head of func_stack: 0 or 1 */
int in_handler;			/* preempt_count */

__task(0) void klp_ftrace_handler(void)
{
	in_handler = 1;
	HANDLER_BARRIER;
	READ_ONCE(func[READ_ONCE(top)]);
	smp_store_release(&in_handler, 0);
}

__task(1) void klp_unpatch_func(void)
{
	WRITE_ONCE(top, 1);	/* list_del_rcu() */
	UPDATER_BARRIER;
	await(!in_handler);
	kfree(&func[0]);
}
