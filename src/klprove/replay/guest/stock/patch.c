// SPDX-License-Identifier: GPL-2.0-or-later
/* patch: a livepatch of one function of vmlinux. what.h: OLD, its name, and replacement(). */
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/module.h>

#include "what.h"

static struct klp_func functions[] = {
	{ .old_name = OLD, .new_func = replacement },
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

static int __init patch_init(void)
{
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
