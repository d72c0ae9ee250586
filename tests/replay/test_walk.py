"""Walks of a model: where an NMI is sent, and that every walk ends as it began."""

import pytest

from klprove.replay.fidelity import Tried, disagreements, hooks
from klprove.replay.outcome import AGREED, DIFFERS, Outcome, Row
from klprove.replay.schedule import Step
from klprove.replay.walk import HOOKS, IDLE, TASK, TRACED, USER, Walk, hook_of
from klprove.replay.walk import walks as every_walk
from klprove.replay.words import bare

_NEST = "context_tracking[cpu 0].dynticks_nmi_nesting"
_STATE = "context_tracking[cpu 0].state.counter"


@pytest.fixture(scope="module")
def scenes() -> dict[str, list[Walk]]:
    """Those of v6.0."""
    return every_walk("v6.0")


@pytest.fixture(scope="module")
def walks(scenes: dict[str, list[Walk]]) -> list[Walk]:
    """Those of the idle loop."""
    return scenes[IDLE]


def _writes(walk: Walk, name: str, kind: str) -> list[int]:
    """What arrivals of a kind make of a word."""
    return [
        access.after
        for event in walk.trace.events
        if event.kind == kind
        for access in event.accesses
        if access.name == name and access.after != access.before
    ]


def test_an_nmi_comes_at_every_step(walks: list[Walk]) -> None:
    assert len({each.name for each in walks}) == len(walks) == 40
    where = [hook_of(tuple(each.where.split())) for each in walks]
    assert {name: where.count(name) for name in HOOKS} == {
        "ct_idle_enter": 5, "ct_idle_exit": 8, "ct_irq_enter": 7, "ct_irq_exit": 7,
        "ct_nmi_enter": 0, "ct_nmi_exit": 0, "ct_irq_enter_irqson": 0, "ct_irq_exit_irqson": 0,
    }  # fmt: skip


def test_arrivals_are_where_the_name_says(scenes: dict[str, list[Walk]]) -> None:
    for each in (walk for found in scenes.values() for walk in found):
        kinds = [event.kind for event in each.trace.events if event.action == "enter"]
        assert kinds == [kind for kind in ("irq", "nmi") if f", {kind}" in each.name.lower()]
        assert [e.action for e in each.trace.events].count("exit") == len(kinds)


def test_every_walk_ends_as_it_began(scenes: dict[str, list[Walk]]) -> None:
    for each in (walk for found in scenes.values() for walk in found):
        now = dict(each.resting)
        for event in each.trace.events:
            now |= {bare(access.name): access.after for access in event.accesses}
        assert now | {"nmi_dr7": 0} == each.resting  # where an NMI keeps DR7 meanwhile
        assert each.flag is (each.scene != IDLE)


def test_in_a_task_rcu_watches_already(scenes: dict[str, list[Walk]]) -> None:
    rest = 1 << 62
    for each in scenes[TASK]:
        assert not _writes(each, _STATE, "nmi") and not _writes(each, _STATE, "irq")
        assert _writes(each, _NEST, "nmi") == ([rest + 2, rest] if "NMI" in each.name else [])
        assert not _writes(each, _NEST, "irq")  # no idle task: nothing to tell


def test_arrivals_in_a_task(scenes: dict[str, list[Walk]]) -> None:
    names = [each.name for each in scenes[TASK]]
    assert len({*names}) == len(names) == 20
    for kind in ("NMI", "irq"):
        assert sum(name.startswith(f"task, {kind} in ") for name in names) == 5
    assert sum(name.startswith("task, irq, NMI in ") for name in names) == 7
    users = [each for each in scenes[TASK] if each.scene == USER]
    assert [each.name for each in users] == ["user, NMI", "user, irq"]
    assert all(each.trace.events[0].action == "enter" for each in users)


def test_arrivals_while_a_tracepoint_tells_rcu(scenes: dict[str, list[Walk]]) -> None:
    assert len(scenes[TRACED]) == 21
    rest = 1 << 62
    for each in scenes[TRACED]:
        assert each.trace.events[0].calls[:2] == ("tracepoint", "ct_irq_enter_irqson")
        assert each.resting["__preempt_count"] == 1
        assert _writes(each, _NEST, "task") == [rest + 2, rest]
        nested = _writes(each, _NEST, "nmi")
        assert nested in ([], [rest + 2, rest], [rest + 4, rest + 2])


def test_an_nmi_finds_rcu_off_and_makes_it_watch(walks: list[Walk]) -> None:
    off = 0
    for each in walks:
        writes = _writes(each, _STATE, "nmi")
        assert writes in ([], [5, 1])
        off += bool(writes)
    assert off > 10


def _tried(walk: Walk, *results: str) -> Tried:
    rows = [
        Row(Step(n, event, "look"), result)
        for n, (event, result) in enumerate(zip(walk.trace.events, results, strict=False))
    ]
    return Tried(walk, Outcome(tuple(rows), 1))


def test_the_table_of_hooks(scenes: dict[str, list[Walk]]) -> None:
    walks = scenes[IDLE]
    inside = [each for each in walks if each.where.startswith("in ct_idle_enter ")]
    right = _tried(inside[0], AGREED, AGREED)
    wrong = _tried(inside[1], AGREED, DIFFERS)
    [row] = hooks([right, wrong])
    assert (row.scene, row.name, row.places) == (IDLE, "ct_idle_enter", 2)
    assert (row.agreed, row.merged, row.compared, row.differing) == (1, 0, 3, 1)
    assert list(disagreements([right, wrong])) == [wrong]


def test_the_table_has_rows_for_each_scene(scenes: dict[str, list[Walk]]) -> None:
    nmis = [next(w for w in scenes[each] if "NMI" in w.name) for each in (IDLE, TASK)]
    tried = [_tried(each, *[AGREED] * len(each.trace.events)) for each in nmis]
    rows = {(each.scene, each.name): each.compared for each in hooks(tried)}
    assert rows[IDLE, "ct_nmi_enter"] and rows[TASK, "ct_nmi_exit"]
    assert (TASK, "ct_idle_enter") not in rows
