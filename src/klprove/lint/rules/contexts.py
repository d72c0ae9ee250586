"""H01, H07, H15 and H16: functions that run where patching them is not harmless.

Lists of names, each with its reason; they hold for v4.12 to v6.12 and are asked of this kernel's
symbol table, never of a version. docs/lint.md has the sources.
"""

from collections.abc import Iterator, Mapping

from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.rules.names import SLEEPERS

_FOR_EVER: Mapping[str, str] = {
    "schedule": "every sleeping kernel thread has it on its stack",
    "kthread": "every kernel thread runs in it",
    "ret_from_fork": "every kernel thread runs in it",
    **dict.fromkeys(
        (
            *("worker_thread", "rescuer_thread", "kswapd", "khugepaged", "kcompactd"),
            *("smpboot_thread_fn", "irq_thread", "kjournald2", "napi_threaded_poll"),
            *("io_sq_thread", "rcu_gp_kthread", "rcu_nocb_cb_kthread", "rcu_nocb_gp_kthread"),
            *("rcu_tasks_kthread", "kthreadd", "kauditd_thread", "oom_reaper", "ksm_scan_thread"),
            *("kthread_worker_fn", "cpuhp_thread_fun", "vhost_worker", "vhost_task_fn"),
        ),
        "a kernel thread stays in it for ever",
    ),
}
"""Functions that some task never leaves. One that each wake-up calls anew (kthread_should_stop) is
not one."""

_SOON: Mapping[str, str] = dict.fromkeys(
    ("x64_sys_call", "do_syscall_64", "do_syscall_x64", "__do_fast_syscall_32", "invoke_syscall"),
    "every task that waits in a system call has it on its stack, until a signal throws it out",
)

_EXIT = "a task runs it after it has left the task list: the walk that switches tasks misses it"
_FORK = "it copies the patch state of a task, or runs before the copy is on the task list"
_TASKS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            *("do_exit", "make_task_dead", "do_task_dead", "exit_notify", "release_task"),
            *("__exit_signal", "__unhash_process", "put_task_struct_rcu_user", "exit_rcu"),
            *("exit_tasks_rcu_finish", "schedule_tail", "finish_task_switch"),
            *("delayed_put_task_struct", "__put_task_struct", "free_task"),
        ),
        (ERROR, _EXIT),
    ),
    **dict.fromkeys(
        ("copy_process", "kernel_clone", "_do_fork", "dup_task_struct", "copy_thread"),
        (WARNING, _FORK),
    ),
    **dict.fromkeys(
        ("klp_copy_process", "klp_update_patch_state", "klp_try_switch_task", "klp_check_stack"),
        (ERROR, "it is part of livepatching itself"),
    ),
}

_UNWATCHED = frozenset(
    [
        "arch_cpu_idle",
        "default_idle",
        "amd_e400_idle",
        "mwait_idle",
        "poll_idle",
        "default_enter_idle",
        "acpi_idle_enter",
        "acpi_idle_enter_s2idle",
        "acpi_idle_enter_bm",
        "acpi_idle_do_entry",
        "acpi_processor_ffh_cstate_enter",
        "intel_idle",
        "intel_idle_irq",
        "intel_idle_ibrs",
        "intel_idle_xstate",
        "intel_idle_s2idle",
        "cpuidle_poll_time",
        "tick_check_broadcast_expired",
        "rcu_idle_enter",
        "rcu_idle_exit",
        "rcu_eqs_enter",
        "rcu_eqs_exit",
        "rcu_dynticks_eqs_enter",
        "rcu_dynticks_eqs_exit",
        "rcu_irq_enter",
        "rcu_irq_exit",
        "rcu_nmi_enter",
        "rcu_nmi_exit",
        "rcu_user_enter",
        "rcu_user_exit",
        "context_tracking_enter",
        "context_tracking_exit",
    ]
)
"""Called while RCU is not watching the CPU, where they have an ftrace site: idle routines up to
v6.1, and the functions that switch RCU themselves."""

NMI = frozenset(
    [
        "do_nmi",
        "default_do_nmi",
        "nmi_handle",
        "unknown_nmi_error",
        "pci_serr_error",
        "io_check_error",
        "do_debug",
        "do_int3",
        "do_double_fault",
        "do_machine_check",
        "ist_enter",
        "ist_exit",
        "exc_nmi",
        "exc_debug",
        "exc_int3",
        "exc_machine_check",
        "exc_double_fault",
        "mce_read_aux",
        "mce_log",
        "perf_event_nmi_handler",
        "x86_pmu_handle_irq",
        "intel_pmu_handle_irq",
        "amd_pmu_handle_irq",
        "nmi_cpu_backtrace_handler",
        "printk_nmi_enter",
        "printk_nmi_exit",
        "ghes_notify_nmi",
        "watchdog_overflow_callback",
        "perf_event_overflow",
        "__perf_event_overflow",
    ]
)
"""Run in NMIs and in the exceptions that nest like them."""


SCHEDULER = frozenset(
    (
        *("try_to_wake_up", "ttwu_do_activate", "ttwu_do_wakeup", "ttwu_queue", "wake_up_new_task"),
        *("enqueue_task", "dequeue_task", "activate_task", "deactivate_task", "pick_next_task"),
        *("scheduler_tick", "sched_tick", "update_rq_clock", "update_curr", "resched_curr"),
        *("check_preempt_curr", "wakeup_preempt", "set_next_entity", "put_prev_entity"),
        *("enqueue_entity", "dequeue_entity", "enqueue_task_fair", "dequeue_task_fair"),
        *("pick_next_task_fair", "put_prev_task_fair", "task_tick_fair", "update_load_avg"),
        *(
            "enqueue_task_rt",
            "dequeue_task_rt",
            "pick_next_task_rt",
            "task_tick_rt",
            "update_curr_rt",
        ),
        *(
            "enqueue_task_dl",
            "dequeue_task_dl",
            "pick_next_task_dl",
            "task_tick_dl",
            "update_curr_dl",
        ),
        *("context_switch", "prepare_task_switch", "finish_task_switch", "select_task_rq_fair"),
    )
)
"""Run, as a rule, with a runqueue's lock held."""


def check_stall(case: Case) -> Iterator[Finding]:
    """Whether some task can leave the old function at all."""
    yield from case.unseen("whether a task may stay in the old functions")
    for function, place in case.replaced:
        if function.name in _FOR_EVER:
            text = f"{_FOR_EVER[function.name]}: the transition does not end"
            yield Finding(ERROR, function.shown, text)
        elif function.name in _SOON:
            text = f"{_SOON[function.name]}: the transition is slow"
            yield Finding(WARNING, function.shown, text)
        elif case.decodable:
            use = next(case.old_body(place).calls(*SLEEPERS), None)
            if use:
                text = f"tasks that wait in {use.name} here hold the transition up until they wake"
                yield Finding(NOTE, function.shown, text, use.offset)


def check_tasks(case: Case) -> Iterator[Finding]:
    """fork, exit, and livepatching itself."""
    for function in case.patch.functions:
        if function.name in _TASKS:
            severity, why = _TASKS[function.name]
            yield Finding(severity, function.shown, why)


def check_unwatched(case: Case) -> Iterator[Finding]:
    """Functions that are entered with RCU off."""
    yield from case.unseen("whether the old functions are entered with RCU off")
    for function, place in case.replaced:
        assert case.kernel is not None
        idle = place.section.endswith("/cpuidle")
        if function.name not in _UNWATCHED and not idle:
            continue
        patchable = case.kernel.patchable(place)
        if patchable:
            text = "is entered while RCU does not watch the CPU, and so is the livepatch handler"
            facts = (f"section {place.section}",)
            yield Finding(WARNING, function.shown, text, evidence=facts)
        elif patchable is None:
            text = "cannot tell whether it is entered with RCU off: no table of ftrace sites"
            yield Finding(UNKNOWN, function.shown, text)


def check_edges(case: Case) -> Iterator[Finding]:
    """Functions of NMIs and of exceptions like them."""
    for function in case.patch.functions:
        if function.name in NMI:
            text = (
                "runs in NMIs or exceptions: above another handler its redirection may be skipped, "
                "and the old code runs"
            )
            yield Finding(WARNING, function.shown, text)


H01 = Rule("H01", check_stall)
H07 = Rule("H07", check_tasks)
H15 = Rule("H15", check_unwatched)
H16 = Rule("H16", check_edges)
