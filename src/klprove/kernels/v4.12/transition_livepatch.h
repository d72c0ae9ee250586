/* transition_livepatch.h - ftrace's and livepatch's data.
 *
 * Models: struct ftrace_ops; struct klp_func, klp_ops, klp_patch of
 * include/linux/livepatch.h and kernel/livepatch/patch.h, as in v4.12.
 * Leaves out: klp_object (there is one, and it is a flag), symbols, sysfs, several
 * functions in a patch, the list of ops (one address).
 *
 * Text is one byte a function: its address is what a stack shows, and reading
 * it is to execute it. A function's .cold part is elsewhere.
 */
struct ftrace_ops {
	bool registered;	/* the call site calls the trampoline */
};

struct klp_func {
	const char *new_func;
	struct list_head stack_node;	/* newest first */
	bool immediate;
	bool nop;			/* stands for the original */
	bool patched;
	bool transition;
};

struct klp_ops {
	struct list_head func_stack;
	struct ftrace_ops fops;
};

struct module {
	int refcnt;
};

struct klp_patch {
	struct module mod;
	struct klp_func *func;
	bool immediate;
	bool enabled;
	bool replace;
	bool forced;
};

enum { A, B };

static const char old_text, old_cold;
static const char klp_text[2], klp_cold[2];

#define FUNC_SIZE	1

static notrace const char *cold_part(const char *text)
{
	if (text == &old_text)
		return &old_cold;
	return text == &klp_text[A] ? &klp_cold[A] : &klp_cold[B];
}

/* Was A enabled long ago, when the model starts? */
#define A_ENABLED	(ACTION == ACTION_disable || ACTION == ACTION_stack || \
			 ACTION == ACTION_replace || ACTION == ACTION_revert || \
			 ACTION == ACTION_force || ACTION == ACTION_force_replace)

static struct klp_func klp_funcs[2];

static struct klp_ops klp_ops = {
#if A_ENABLED
	.func_stack = { &klp_funcs[A].stack_node, &klp_funcs[A].stack_node },
	.fops = { true },
#else
	.func_stack = { &klp_ops.func_stack, &klp_ops.func_stack },
#endif
};

static struct klp_func klp_funcs[2] = {
	{
		.new_func = &klp_text[A],
#if A_ENABLED
		.stack_node = { &klp_ops.func_stack, &klp_ops.func_stack },
		.patched = true,
#endif
	},
	{
		.new_func = ACTION == ACTION_revert ? &old_text : &klp_text[B],
		.nop = ACTION == ACTION_revert,
	},
};

static struct klp_patch klp_patches[2] = {
	{
		.mod = { A_ENABLED },
		.func = &klp_funcs[A],
		.enabled = A_ENABLED,
		.immediate = ACTION == ACTION_immediate,
	},
	{
		.func = &klp_funcs[B],
		.replace = ACTION == ACTION_replace || ACTION == ACTION_revert ||
			   ACTION == ACTION_force_replace,
	},
};

static struct klp_patch *klp_transition_patch;
static int klp_target_state = KLP_UNDEFINED;

/* The one object: vmlinux, or a module that is not there yet. */
static bool object_loaded = ACTION != ACTION_coming;

static inline notrace void klp_arch_set_pc(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}
