"""Names of kernel functions that several rules know, as of v4.12 to v6.12."""

import re

SLEEPERS = frozenset(
    [
        "schedule",
        "schedule_timeout",
        "schedule_timeout_interruptible",
        "schedule_timeout_killable",
        "schedule_timeout_uninterruptible",
        "schedule_timeout_idle",
        "schedule_hrtimeout",
        "schedule_hrtimeout_range",
        "io_schedule",
        "io_schedule_timeout",
        "schedule_preempt_disabled",
        "mutex_lock",
        "mutex_lock_interruptible",
        "mutex_lock_killable",
        "mutex_lock_io",
        "mutex_lock_nested",
        "ww_mutex_lock",
        "rt_mutex_lock",
        "down",
        "down_interruptible",
        "down_killable",
        "down_timeout",
        "down_read",
        "down_read_interruptible",
        "down_read_killable",
        "down_write",
        "down_write_killable",
        "wait_for_completion",
        "wait_for_completion_timeout",
        "wait_for_completion_interruptible",
        "wait_for_completion_interruptible_timeout",
        "wait_for_completion_killable",
        "wait_for_completion_io",
        "msleep",
        "msleep_interruptible",
        "usleep_range",
        "usleep_range_state",
        "ssleep",
        "fsleep",
        "wait_woken",
        "out_of_line_wait_on_bit",
        "out_of_line_wait_on_bit_lock",
        "wait_on_bit",
        "flush_work",
        "flush_delayed_work",
        "cancel_work_sync",
        "cancel_delayed_work_sync",
        "__flush_workqueue",
        "flush_workqueue",
        "drain_workqueue",
        "destroy_workqueue",
        "kthread_stop",
        "kthread_park",
        "synchronize_rcu",
        "synchronize_rcu_expedited",
        "synchronize_srcu",
        "synchronize_net",
        "rcu_barrier",
        "synchronize_irq",
        "del_timer_sync",
        "timer_delete_sync",
        "hrtimer_cancel",
    ]
)
"""Functions in which a task may be switched out."""

QUIET = re.compile(
    r"(_?printk|_printk_deferred|__warn_printk|__warn|warn_slowpath\w*|dump_stack\w*|panic|kfree|"
    r"kvfree|__stack_chk_fail|__fentry__|__x86_\w+|add_taint|refcount_warn_saturate|__ubsan_\w+|"
    r"__dynamic_\w+|_dev_\w+|netdev_\w+|___ratelimit|fortify_panic|BUG_func|__bug\w*|"
    r"ftrace_likely_update|lockdep_rcu_suspicious|rcu_read_unlock_strict|__rcu_read_unlock)"
)
"""Functions that cold code calls to complain, and in which no task waits."""


def quiet(name: str) -> bool:
    """The function complains or frees, no more."""
    return bool(QUIET.fullmatch(name))
