/* What every module here has: the patch itself, and the way in. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/seq_file.h>

#define NEW(old, new) { .old_name = #old, .new_func = new }

#ifndef OBJECT
#define OBJECT NULL
#endif
#ifndef CALLBACKS
#define CALLBACKS
#endif
#ifndef STATES
#define STATES NULL
#endif
#ifndef LICENSE
#define LICENSE "GPL"
#endif
#ifndef REPLACE
#define REPLACE false
#endif


#define LIVEPATCH(...) \
	static struct klp_func funcs[] = { __VA_ARGS__, { } }; \
	static struct klp_object objs[] = { { .name = OBJECT, .funcs = funcs, .callbacks = { CALLBACKS } }, { } }; \
	static struct klp_patch patch = { \
		.mod = THIS_MODULE, .objs = objs, .states = STATES, .replace = REPLACE, \
	}; \
	static int enter(void) { return klp_enable_patch(&patch); } \
	static void leave(void) { } \
	module_init(enter); \
	module_exit(leave); \
	MODULE_LICENSE(LICENSE); \
	INFORMATION

#ifndef INFORMATION
#define INFORMATION MODULE_INFO(livepatch, "Y")
#endif
