// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * patch: a livepatch of one function, whose replacement is a jump to the rest of that function: a text of this module's, which goes with it.
 *
 * reader_held: where a CPU waits that is to get no further (replay/holding.py).
 *
 * Parameters: name, the function; site, the address of its call of ftrace.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/module.h>

void replacement(void);
unsigned long rest;

asm(".pushsection .text\n"
    ".globl replacement\n"
    ".type replacement, @function\n"
    "replacement:\n\t"
    "pushq rest(%rip)\n\t"
    ".byte 0xc3\n"	/* ret: a jump through memory would be a retpoline */
    ".size replacement, . - replacement\n"
    ".globl reader_held\n"
    ".type reader_held, @function\n"
    "reader_held:\n\t"
    "pause\n\t"
    "jmp reader_held\n"
    ".size reader_held, . - reader_held\n"
    ".popsection");

static struct klp_func functions[] = {
	{ .new_func = replacement },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static char *name;
module_param(name, charp, 0400);
static unsigned long site;
module_param(site, ulong, 0400);

static int __init patch_init(void)
{
	rest = site + MCOUNT_INSN_SIZE;
	functions[0].old_name = name;
	return klp_enable_patch(&patch);
}

static void __exit patch_exit(void)
{
}

module_init(patch_init);
module_exit(patch_exit);
MODULE_DESCRIPTION("A livepatch of one function");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
