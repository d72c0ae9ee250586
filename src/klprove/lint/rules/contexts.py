"""H01, H07, H15 and H16: functions that run where patching them is not harmless.

Contexts come from the map of the kernel. What it does not know is in lists of names, each with its
reason, for v4.12 to v6.12; docs/lint.md has the sources.
"""

from collections.abc import Iterator, Mapping

from klprove.lint.finding import ERROR, NOTE, WARNING, Case, Finding, Rule
from klprove.lint.rules.names import SLEEPERS
from klprove.scan.answers import CERTAIN, LIKELY, NEVER_ENDS, NMI, RCU_OFF

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
    yield from case.unseen(what := "whether a task may stay in the old functions")
    yield from case.unmapped(NEVER_ENDS, what)
    for function, place in case.replaced:
        found = case.reached(NEVER_ENDS, place)
        if found and found[0] == CERTAIN:
            text = "a task stays in it for ever: the transition does not end"
            yield Finding(ERROR, function.shown, text, evidence=found[1])
        elif function.name in _SOON:
            text = f"{_SOON[function.name]}: the transition is slow"
            yield Finding(WARNING, function.shown, text)
        elif found and found[0] == LIKELY:
            text = "tasks wait in a loop in it: the transition does not end before they are woken"
            yield Finding(WARNING, function.shown, text, evidence=found[1])
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
    yield from case.unseen(what := "whether the old functions are entered with RCU off")
    yield from case.unmapped(RCU_OFF, what)
    for function, place in case.replaced:
        found = case.reached(RCU_OFF, place)
        if found and found[0] <= LIKELY:
            text = "is entered while RCU does not watch the CPU, and so is the livepatch handler"
            yield Finding(WARNING, function.shown, text, evidence=found[1])


def check_edges(case: Case) -> Iterator[Finding]:
    """Functions of NMIs and of exceptions like them."""
    yield from case.unseen(what := "whether the old functions run in NMIs or exceptions")
    yield from case.unmapped(NMI, what)
    for function, place in case.replaced:
        found = case.reached(NMI, place)
        if found and found[0] <= LIKELY:
            severity = WARNING if found[0] == CERTAIN else NOTE
            text = (
                "runs in NMIs or exceptions: above another handler its redirection may be skipped, "
                "and the old code runs"
            )
            yield Finding(severity, function.shown, text, evidence=found[1])


H01 = Rule("H01", check_stall)
H07 = Rule("H07", check_tasks)
H15 = Rule("H15", check_unwatched)
H16 = Rule("H16", check_edges)
