// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handler: a handler of the user's, in a real kernel, at one function.
 *
 * user.c is the file that was checked, as it is. Around it stands what the model has around it: two
 * entries on the stack of functions, the newer one on top. Their replacement is the rest of the
 * function that was patched (behind the call of ftrace), so a redirection is a real one and any
 * function can be patched.
 *
 * Parameter site: the address of the function's call of ftrace; 0: livepatch's own entries are used, and it is its handler that is
 * replaced. Names and order of members: kernel/livepatch/patch.h and
 * include/linux/livepatch.h, v6.1.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/sched.h>

struct klp_ops {
	struct list_head node;
	struct list_head func_stack;
	struct ftrace_ops fops;
};

/* Until v5.18; the handlers of before take pt_regs, which ftrace_regs begins with on x86. */
#undef klp_arch_set_pc
#define klp_arch_set_pc(regs, address)	(((struct pt_regs *)(regs))->ip = (address))

/* Their names of before; the new ones were seen in v6.12. */
#ifdef KLP_TRANSITION_IDLE
#define KLP_UNDEFINED			KLP_TRANSITION_IDLE
#define KLP_UNPATCHED			KLP_TRANSITION_UNPATCHED
#define KLP_PATCHED			KLP_TRANSITION_PATCHED
#endif

#include "macros.h"	/* of the check's -D, where the kernel has none of the name */
#include "user.c"

static struct klp_func klp_funcs[2];

static struct klp_ops klp_ops = {
	.func_stack = LIST_HEAD_INIT(klp_ops.func_stack),
	.fops = {
		.func = (ftrace_func_t)klp_ftrace_handler,
		.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
	},
};

static unsigned long site;
module_param(site, ulong, 0400);

static int __init handler_init(void)
{
	int i, error;

	if (!site)
		return 0;
	for (i = 0; i < 2; i++) {
		klp_funcs[i].new_func = (void *)(site + MCOUNT_INSN_SIZE);
		klp_funcs[i].patched = true;
		list_add_rcu(&klp_funcs[i].stack_node, &klp_ops.func_stack);
	}
	error = ftrace_set_filter_ip(&klp_ops.fops, site, 0, 1);
	return error ?: register_ftrace_function(&klp_ops.fops);
}

/* It stays: nobody waits for the handlers of a user's file. */
module_init(handler_init);
MODULE_DESCRIPTION("A handler under replay");
MODULE_LICENSE("GPL");
