"""Walks of a model: where an NMI is sent, and that every walk ends as it began."""

import pytest

from klprove.replay.fidelity import Tried, disagreements, hooks
from klprove.replay.outcome import AGREED, DIFFERS, Outcome, Row
from klprove.replay.schedule import Step
from klprove.replay.walk import HOOKS, Walk, Walker, hook_of
from klprove.replay.words import bare


@pytest.fixture(scope="module")
def walks() -> list[Walk]:
    """Those of v6.0."""
    return list(Walker("v6.0").walks())


def test_an_nmi_comes_at_every_step(walks: list[Walk]) -> None:
    assert len({each.name for each in walks}) == len(walks) == 40
    where = [hook_of(tuple(each.where.split())) for each in walks]
    assert {name: where.count(name) for name in HOOKS} == {
        "ct_idle_enter": 5, "ct_idle_exit": 8, "ct_irq_enter": 7, "ct_irq_exit": 7,
        "ct_nmi_enter": 0, "ct_nmi_exit": 0,
    }  # fmt: skip


def test_arrivals_are_where_the_name_says(walks: list[Walk]) -> None:
    for each in walks:
        kinds = [event.kind for event in each.trace.events if event.action == "enter"]
        assert kinds == [kind for kind in ("irq", "nmi") if kind in each.name.lower()]
        assert [e.action for e in each.trace.events].count("exit") == len(kinds)


def test_every_walk_ends_as_it_began(walks: list[Walk]) -> None:
    for each in walks:
        now = dict(each.resting)
        for event in each.trace.events:
            now |= {bare(access.name): access.after for access in event.accesses}
        assert now | {"nmi_dr7": 0} == each.resting  # where an NMI keeps DR7 meanwhile
        assert each.flag is False


def test_an_nmi_finds_rcu_off_and_makes_it_watch(walks: list[Walk]) -> None:
    name = "context_tracking[cpu 0].state.counter"
    off = 0
    for each in walks:
        writes = [
            access.after
            for event in each.trace.events
            if event.kind == "nmi"
            for access in event.accesses
            if access.name == name and access.kind == "update"
        ]
        assert writes in ([], [5, 1])
        off += bool(writes)
    assert off > 10


def _tried(walk: Walk, *results: str) -> Tried:
    rows = [
        Row(Step(n, event, "look"), result)
        for n, (event, result) in enumerate(zip(walk.trace.events, results, strict=False))
    ]
    return Tried(walk, Outcome(tuple(rows), 1))


def test_the_table_of_hooks(walks: list[Walk]) -> None:
    inside = [each for each in walks if each.where.startswith("in ct_idle_enter ")]
    right = _tried(inside[0], AGREED, AGREED)
    wrong = _tried(inside[1], AGREED, DIFFERS)
    table = {each.name: each for each in hooks([right, wrong])}
    row = table["ct_idle_enter"]
    assert (row.places, row.agreed, row.merged, row.compared, row.differing) == (2, 1, 0, 3, 1)
    assert table["ct_nmi_exit"].compared == 0
    assert list(disagreements([right, wrong])) == [wrong]
