// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trap: a hardware breakpoint of the kernel's own (perf), which rests at a function that nobody calls. Where a trace has a #DB, the debugger leads the
 * CPU through trap_arm() once, with the address in rdi, and puts its registers back: the breakpoint is there then.
 */
#include <linux/err.h>
#include <linux/hw_breakpoint.h>
#include <linux/module.h>
#include <linux/perf_event.h>

void trap_arm(void);
void trap_rest(void);

asm(".pushsection .text\n"
    ".globl trap_arm\n"
    ".type trap_arm, @function\n"
    "trap_arm:\n\t"
    "movq %rdi, %db0\n\t"	/* the first that is free: nobody else asks for one here */
    "nop\n"
    ".size trap_arm, . - trap_arm\n"
    ".globl trap_rest\n"
    ".type trap_rest, @function\n"
    "trap_rest:\n\t"
    "nop\n"
    ".size trap_rest, . - trap_rest\n"
    ".popsection");

static struct perf_event * __percpu *breakpoint;

static notrace void hit(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
}

static int __init breakpoint_init(void)
{
	struct perf_event_attr attr;

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)trap_rest;
	attr.bp_len = HW_BREAKPOINT_LEN_8;	/* what an execution has on x86-64 */
	attr.bp_type = HW_BREAKPOINT_X;
	breakpoint = register_wide_hw_breakpoint(&attr, hit, NULL);
	return IS_ERR((void __force *)breakpoint) ? PTR_ERR((void __force *)breakpoint) : 0;
}

/* It stays: a #DB may be under way. */
module_init(breakpoint_init);
MODULE_DESCRIPTION("A hardware breakpoint under replay");
MODULE_LICENSE("GPL");
