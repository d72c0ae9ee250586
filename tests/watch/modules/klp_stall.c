// SPDX-License-Identifier: GPL-2.0-or-later
/* A livepatch of a thread's main function: its transition never ends. */
#include <linux/livepatch.h>
#include <linux/module.h>

static int stalled(void *data)
{
	return 0;
}

static struct klp_func funcs[] = { { .old_name = "kswapd", .new_func = stalled }, { } };
static struct klp_object objects[] = { { .funcs = funcs }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

static int __init start(void)
{
	return klp_enable_patch(&patch);
}

static void __exit stop(void)
{
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
