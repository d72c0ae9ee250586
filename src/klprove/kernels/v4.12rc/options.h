/* options.h - switches of this model, each settable with -DNAME=1.
 *
 * The first three are the kernel's own or stand for something a system may have;
 * FTRACE_DIRECT is a kernel that never was.
 */
#ifndef NR_CPUS
#define NR_CPUS 1
#endif

/* RCU's own checks of dynticks are compiled in. */
#ifndef CONFIG_RCU_EQS_DEBUG
#define CONFIG_RCU_EQS_DEBUG 0
#endif

/* A task can be preempted in the kernel. With 0 a reader of RCU is code with
 * preemption off; preempt_count counts all the same (CONFIG_PREEMPT_COUNT). */
#ifndef CONFIG_PREEMPT
#define CONFIG_PREEMPT 1
#endif

/* Other ftrace_ops are attached to the patched call site. */
#ifndef FTRACE_LIST_FUNC
#define FTRACE_LIST_FUNC 0
#endif

/* The trampoline calls the handler itself: no guard, no preempt_disable. */
#ifndef FTRACE_DIRECT
#define FTRACE_DIRECT 0
#endif
