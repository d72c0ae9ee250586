"""What the bands say of real traces, against what the functions that ran are known to do."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest

from klprove.check import Question, check
from klprove.check.checking import program
from klprove.kernels import load, names
from klprove.replay.trace import resting
from klprove.report.picture.bands import bands, words
from klprove.verdict import Event, Trace

ONE_OF_THEM = ("RCU watches", "a grace period waits", "rcu_read_lock() held", "preempt_count not 0")
UNWATCHED = ("rcu_dynticks_task_enter", "intel_idle", "arch_cpu_idle", "tick_broadcast_enter")
"""Sites of the idle loop where handler A runs while RCU does not watch, on one model or other."""


def held(trace: Trace, title: str, cpu: int = 0) -> list[bool | None]:
    """What the band says after each step."""
    (runs,) = [each.runs for each in bands(trace, True) if (each.title, each.cpu) == (title, cpu)]
    return [run.on for run in runs for _ in range(run.first, run.last + 1)]


def toggled(events: tuple[Event, ...], when: Callable[[Event], bool], first: bool) -> list[bool]:
    """What changes with every event that is `when`."""
    said, now = [], first
    for event in events:
        now ^= when(event)
        said.append(now)
    return said


def inside(function: str, caller: str = "") -> Callable[[Event], bool]:
    """True for a step that changes memory in `function`, called from `caller`."""

    def is_it(event: Event) -> bool:
        changes = any(each.kind in ("write", "update") for each in event.accesses)
        return changes and event.calls[-1:] == (function,) and (caller in ("", *event.calls))

    return is_it


@cache
def updater() -> Trace:
    """Handler A in the idle loop while an updater on CPU 1 disables and unloads: what it reads is
    freed, since neither grace period waits for a CPU that RCU does not watch."""
    question = Question(
        files=("handlers/2017/A.c",),
        kernel="v4.12rc",
        patch=("tick_broadcast_enter",),
        cpus=2,
        arrivals=dict.fromkeys(("irq", "nmi", "exception"), 0),
        defines={"CPUIDLE_TRACEABLE": "1"},
    )
    return check(question, jobs=1).shortest("use-after-free").trace


def test_grace_periods_are_where_the_updater_waits() -> None:
    events = updater().events
    for title, caller in [
        ("a grace period waits", "synchronize_rcu"),
        ("a sched grace period waits", "synchronize_sched"),
    ]:
        waits = held(updater(), title)
        assert waits == toggled(events, inside("wait_rcu_gp", caller), False)
        assert True in waits
    freed = [
        number
        for number, event in enumerate(events)
        if any(each.kind == "free" for each in event.accesses)
    ]
    waited = held(updater(), "a sched grace period waits").index(True)
    assert freed and min(freed) > waited
    assert not any(held(updater(), "a sched grace period waits")[each] for each in freed)


def test_the_reader_is_inside_while_rcu_does_not_watch() -> None:
    events = updater().events
    watches, reads = held(updater(), "RCU watches"), held(updater(), "rcu_read_lock() held")
    assert watches == toggled(events, inside("rcu_dynticks_eqs_enter"), True)
    assert (watches[-1], reads[-1]) == (False, True)
    for number, (before, after) in enumerate(pairwise(reads), 1):
        if before is not after:
            function = "__rcu_read_lock" if after else "__rcu_read_unlock"
            assert events[number].calls[-1] == function
    assert reads.count(True) > 10


def test_interrupts_and_preemption_of_the_same_trace() -> None:
    events = updater().events
    off = held(updater(), "interrupts off")
    changed = [number for number, (before, now) in enumerate(pairwise(off), 1) if before != now]
    assert [events[each].notes for each in changed] == [("irqs off",), ("irqs on",), ("irqs off",)]
    counts = {
        number: access.after
        for number, event in enumerate(events)
        for access in event.accesses
        if access.name.startswith("__preempt_count")
    }
    said = held(updater(), "preempt_count not 0")
    assert all(said[number] == (value != 0) for number, value in counts.items())


@pytest.mark.parametrize("kernel", names())
def test_every_generation_has_each_word_once(kernel: str) -> None:
    there = resting(program(Question((), kernel=kernel, patch=("vfs_read",), cpus=2)))
    rested = {
        title: [
            there[each.name] & each.bits
            for each in words()
            if each.title == title and each.name in there
        ]
        for title in ONE_OF_THEM
    }
    watching = rested.pop("RCU watches")
    assert len(watching) == 1 and watching[0] != 0
    assert rested == {title: [0] for title in ONE_OF_THEM[1:]}


@pytest.mark.parametrize("kernel", names())
def test_where_the_property_says_unwatched_the_band_ends(kernel: str) -> None:
    sites = [each for each in UNWATCHED if each in load(kernel).sites]
    defines = {"KLP_WAIT_RCU": "1", "CPUIDLE_TRACEABLE": "1"}
    for site in sites:
        question = Question(("handlers/2017/A.c",), kernel, (site,), defines=defines)
        answer = check(question, jobs=1)
        if "unwatched-silent" in answer.codes():
            watches = held(answer.shortest("unwatched-silent").trace, "RCU watches")
            assert (watches[0], watches[-1]) == (True, False)
            return
    pytest.fail(f"handler A is watched at all of {sites}")
