/* klprove: expect holds; states 30 */
#include <klprove.h>

/* Both users of writable module text hold text_mutex from the permission change
 * to the change back. */
int text_mutex;
int text_rw;

static void lock(void) { await(cmpxchg(&text_mutex, 0, 1) == 0); }

static void unlock(void) { text_mutex = 0; }

__task(0) void klp_init_object_loaded(void)
{
	lock();
	text_rw = 1;			/* module_disable_ro() */
	assert(text_rw);		/* apply_relocate_add() writes text */
	text_rw = 0;			/* module_enable_ro() */
	unlock();
}

__task(1) void ftrace_module_enable(void)
{
	lock();
	text_rw = 1;			/* ftrace_arch_code_modify_prepare() */
	text_rw = 0;			/* .._post_process(): all modules ro */
	unlock();
}
