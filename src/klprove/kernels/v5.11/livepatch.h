/* livepatch.h - ftrace's and livepatch's data, and what is patched at boot.
 *
 * Models: struct ftrace_ops; struct klp_func, klp_ops, klp_patch of
 * include/linux/livepatch.h and kernel/livepatch/patch.h, as in v5.11;
 * struct ftrace_regs of include/linux/ftrace.h. `immediate`, which v4.16 took
 * away, stands here for the updater, which is v4.12's.
 * Leaves out: klp_object and modules as targets, sysfs, old_addr and symbol
 * look-up, several functions in a patch, the ops list (one address).
 *
 * At boot two patches of the same function are enabled, klp_funcs[1] on top of
 * klp_funcs[0], and no transition runs. It is two because the case of a single
 * one is easier: unregistering the ops waits for the handlers by itself.
 */
#define FTRACE_OPS_FL_DYNAMIC		0x02
#define FTRACE_OPS_FL_SAVE_REGS		0x08
#define FTRACE_OPS_FL_RECURSION		0x20
#define FTRACE_OPS_FL_RCU		0x4000
#define FTRACE_OPS_FL_IPMODIFY		0x2000

struct ftrace_ops {
	unsigned int flags;
};

struct klp_func {
	void *new_func;
	struct list_head stack_node;	/* newest first */
	bool immediate;
	bool patched;
	bool transition;
	bool nop;			/* of a replacing patch: run the original */
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
};

/* Said by properties.c: every read of what the updater frees comes by here. */
__ghost static void klp_note_read(void);

static struct klp_func klp_funcs[2] __on_read(klp_note_read);

/* First byte of each replacement function, in its patch module's text. */
static char klp_text[2];

static struct klp_ops klp_ops __on_read(klp_note_read) = {
	.func_stack = { &klp_funcs[1].stack_node, &klp_funcs[0].stack_node },
	.fops = { FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_DYNAMIC | FTRACE_OPS_FL_IPMODIFY },
};

static struct klp_func klp_funcs[2] __on_read(klp_note_read) = {
	{
		.new_func = &klp_text[0],
		.stack_node = { &klp_ops.func_stack, &klp_funcs[1].stack_node },
		.patched = true,
	},
	{
		.new_func = &klp_text[1],
		.stack_node = { &klp_funcs[0].stack_node, &klp_ops.func_stack },
		.patched = true,
	},
};

static struct klp_patch klp_patches[2] = {
	{ .mod = { 1 }, .func = &klp_funcs[0], .enabled = true },
	{ .mod = { 1 }, .func = &klp_funcs[1], .enabled = true },
};

/* The one is all there is inside the other, so handlers of either age fit. */
#define ftrace_regs		pt_regs
#define ftrace_get_regs(fregs)	(fregs)

static inline notrace void klp_arch_set_pc(struct pt_regs *regs, unsigned long ip)
{
	regs->ip = ip;
}

static inline notrace void ftrace_instruction_pointer_set(struct ftrace_regs *fregs,
							  unsigned long ip)
{
	fregs->ip = ip;
}
