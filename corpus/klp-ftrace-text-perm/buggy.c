/* klprove: expect violated assert; states 38 */
#include <klprove.h>

/* Livepatch makes a module's text writable to apply relocations while ftrace, for
 * another module, sets the text of all modules read-only. */
int text_mutex;
int text_rw;

static void lock(void) { await(cmpxchg(&text_mutex, 0, 1) == 0); }

static void unlock(void) { text_mutex = 0; }

__task(0) void klp_init_object_loaded(void)
{
	text_rw = 1;			/* module_disable_ro() */
	assert(text_rw);		/* apply_relocate_add() writes text */
	text_rw = 0;			/* module_enable_ro() */
}

__task(1) void ftrace_module_enable(void)
{
	lock();
	text_rw = 1;			/* ftrace_arch_code_modify_prepare() */
	text_rw = 0;			/* .._post_process(): all modules ro */
	unlock();
}
