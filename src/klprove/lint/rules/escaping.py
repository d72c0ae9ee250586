# SPDX-License-Identifier: GPL-2.0-or-later
"""H06: pointers into the patch that outlive it."""

import re
from collections.abc import Iterator, Mapping

from klprove.image.relocatable import Symbol
from klprove.lint.code import ADDRESS, DATA, STORE, Use
from klprove.lint.finding import ERROR, NOTE, UNKNOWN, WARNING, Case, Finding, Rule
from klprove.lint.pointers import Place, Pointers

_STOPS_WORK = ("cancel_work_sync", "flush_work", "__flush_workqueue", "destroy_workqueue",
               "cancel_delayed_work_sync", "flush_delayed_work")  # fmt: skip
_STOPS_TIMER = ("del_timer_sync", "timer_delete_sync", "timer_shutdown_sync", "hrtimer_cancel")

_KEEPERS: Mapping[str, tuple[str, ...]] = {
    "init_timer_key": _STOPS_TIMER,
    "add_timer": _STOPS_TIMER,
    "mod_timer": _STOPS_TIMER,
    "hrtimer_start_range_ns": ("hrtimer_cancel",),
    "hrtimer_setup": ("hrtimer_cancel",),
    "queue_work_on": _STOPS_WORK,
    "queue_delayed_work_on": _STOPS_WORK,
    "mod_delayed_work_on": _STOPS_WORK,
    "schedule_work": _STOPS_WORK,
    "schedule_delayed_work": _STOPS_WORK,
    "irq_work_queue": ("irq_work_sync",),
    "call_rcu": ("rcu_barrier",),
    "call_rcu_hurry": ("rcu_barrier",),
    "call_srcu": ("srcu_barrier",),
    "call_rcu_tasks": ("rcu_barrier_tasks",),
    "kthread_create_on_node": ("kthread_stop",),
    "kthread_create_on_cpu": ("kthread_stop",),
    "request_threaded_irq": ("free_irq",),
    "debugfs_create_file": ("debugfs_remove",),
    "proc_create": ("proc_remove", "remove_proc_entry"),
    "proc_create_single_data": ("proc_remove", "remove_proc_entry"),
    "single_open": (),
    "task_work_add": (),
    "tracepoint_probe_register": ("tracepoint_probe_unregister",),
    "sysctl_register": ("unregister_sysctl_table",),
    "misc_register": ("misc_deregister",),
}
"""Functions that keep a pointer they are given, and what takes it back."""

_REGISTERS = re.compile(r"(?:\w*_)?(register)(?:_\w*)?")
_BORROWS = re.compile(
    r"klp_\w+|sort|sort_r|list_sort|bsearch|on_each_cpu\w*|smp_call_function\w*|stop_machine\w*|"
    r"\w*for_each\w*|work_on_cpu\w*|iterate_\w+|idr_\w+|\w*printk\w*|seq_\w+|__fentry__|"
    r"walk_\w+|apply_to_\w+|__stack_chk_fail|__x86_\w+|kallsyms_\w+|\w*sprintf|\w*snprintf"
)
"""Functions that are done with a pointer when they return."""

_STORED = (*_STOPS_WORK, *_STOPS_TIMER, "rcu_barrier", "irq_work_sync", "kthread_stop")


def check(case: Case) -> Iterator[Finding]:
    """Addresses of the module's functions, and of its data that hold some, in its code."""
    if not case.decodable:
        text = f"cannot tell where pointers go: no decoder for {case.patch.elf.machine}"
        yield Finding(UNKNOWN, case.patch.name, text)
        return
    undone = frozenset(each for function in case.patch.code for each in case.body(function).callees)
    pointers = Pointers(case.patch.elf)
    for function in dict.fromkeys(case.patch.at.values()):
        for use in case.body(function).uses:
            held = _held(case, pointers, use)
            if held and held != function.name:
                yield from _sink(case, function, use, held, undone)


def _held(case: Case, pointers: Pointers, use: Use) -> str:
    """The function of the module whose address is in `use`, itself or in an object."""
    if use.kind not in (ADDRESS, STORE, DATA) or use.at is None:
        return ""
    direct = case.patch.at.get(use.at)
    if direct:
        return direct.name
    place = Place(*use.at)
    if use.kind == DATA or pointers.section(place).executable or use.symbol is None:
        return ""
    if place.offset == pointers.end(place):
        return ""
    found = (pointers.function(pointers.follow(each)) for each in pointers.within(place))
    return next((each.name for each in found if each), "")


def _sink(
    case: Case, function: Symbol, use: Use, held: str, undone: frozenset[str]
) -> Iterator[Finding]:
    goes = case.body(function).goes_to(use)
    if not goes or _BORROWS.fullmatch(goes):
        return
    if goes != STORE and not keeps(goes):
        if case.patch.at.get(use.at or (0, 0)):
            text = f"the address of {held} goes to {goes}; if that keeps it, it outlives the patch"
            yield Finding(NOTE, function.name, text, use.offset)
        return
    undo = undoes(goes)
    if undone.intersection(undo):
        return
    how = "is stored in memory" if goes == STORE else f"is kept by {goes}"
    what = f", and nothing calls {' or '.join(undo[:2])}" if undo else ""
    text = f"the address of {held} {how}{what}: it outlives the patch"
    severity = ERROR if case.patch.plan.replace is False else WARNING
    yield Finding(severity, function.name, text, use.offset)


def keeps(name: str) -> bool:
    """The function keeps a pointer that it is given."""
    return name in _KEEPERS or bool(_REGISTERS.fullmatch(name))


def undoes(name: str) -> tuple[str, ...]:
    """What takes back a pointer that `name` keeps."""
    if name == STORE:
        return _STORED
    if name in _KEEPERS:
        return _KEEPERS[name]
    return (name.replace("register", "unregister"), name.replace("register", "deregister"))


H06 = Rule("H06", check)
