"""The nested engine as machine code against the one in Python and against the reference engine."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from klprove.engine import Limits, explore
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.nested import Nested, applicable
from klprove.engine.pushdown import Pushdown, model
from klprove.engine.pushdown import applicable as swift
from klprove.engine.search import Search
from klprove.ir import verify
from klprove.ir.program import Program
from klprove.verdict import Verdict
from tests.engine.generated import program
from tests.engine.test_agreement import said

pytest.importorskip("llvmlite")

SEEDS = range(120)
SECONDS = 2.0
"""Time that the reference engine has for one program; what takes longer is left out."""


def bounds(seed: int) -> dict[str, int]:
    """Bounds on arrivals that go with a seed."""
    return [{}, {"irq": 1, "nmi": 1, "exception": 1}, {"irq": 1, "exception": 0}][seed % 3]


def several(seed: int) -> Program:
    """A program with two or three CPUs, of which one takes interrupts."""
    cpus, tasks = 2 if seed % 5 else 3, 2 if seed % 7 == 3 else 1
    made = program(seed, cpus, [0, 1, 0, cpus - 1][seed % 4], tasks)
    assert verify(made) == []
    return made


def without(seed: int) -> Program:
    """The same as machine code takes it: one task a CPU, no properties."""
    cpus = 2 if seed % 5 else 3
    made = program(seed, cpus, [0, 1, 0, cpus - 1][seed % 4])
    return replace(made, properties=())


def same(one: Verdict, other: Verdict) -> bool:
    """Whether two engines agree."""
    return (
        said(one) == said(other)
        and one.complete == other.complete
        and one.unreached == other.unreached
        and sorted(one.reasons) == sorted(other.reasons)
    )


@cache
def full(seed: int, plain: bool) -> Verdict | None:
    """What the reference engine says, if it is done in time."""
    made = without(seed) if plain else several(seed)
    limits = Limits(engine="reference", arrivals=bounds(seed), seconds=SECONDS)
    verdict = explore(made, limits)
    return None if any("time" in each for each in verdict.reasons) else verdict


def outcome(search: Search) -> object:
    """All that a search found, schedules included."""
    found = {each.notice: tuple(each.schedule) for each in search.discoveries}
    figures = (search.states, search.transitions, search.depth)
    return found, search.witnesses, search.reasons, figures


@pytest.mark.parametrize("block", range(0, 120, 20))
def test_machine_code_does_the_same_in_the_same_order(block: int) -> None:
    """On one CPU: nodes, schedules, everything."""
    for seed in range(block, block + 20):
        limits = Limits(arrivals=bounds(seed))
        made = program(seed)
        searches = [
            engine(Machine(made, limits), Meter(limits, None)).run()
            for engine in (Nested, Pushdown)
        ]
        assert outcome(searches[0]) == outcome(searches[1]), f"seed {seed}"


def test_other_cpus_beside_the_one_with_interrupts() -> None:
    compared = 0
    for seed in range(60):
        made = several(seed)
        assert applicable(made)
        reference = full(seed, False)
        if reference is None:
            continue
        compared += 1
        limits = Limits(arrivals=bounds(seed))
        machine = Machine(made, limits)
        search = Nested(machine, Meter(limits, None)).run()
        lengths = sorted((each.notice.span, len(each.schedule)) for each in search.discoveries)
        wanted = sorted((each.span, len(each.trace.events)) for each in reference.findings)
        assert lengths == wanted, f"seed {seed}"
    assert compared >= 45


def disagreements(seeds: range) -> Iterator[int]:
    """Seeds on which machine code says something else than the reference engine."""
    for seed in seeds:
        made = without(seed)
        assert swift(made)
        reference = full(seed, True)
        if reference is None:
            continue
        try:
            verdict = explore(made, Limits(engine="pushdown", arrivals=bounds(seed), seconds=9))
        except Exception:  # noqa: BLE001 - a mutant may fail anywhere
            yield seed
            continue
        if not same(reference, verdict):
            yield seed


def test_other_cpus_in_machine_code() -> None:
    assert list(disagreements(SEEDS)) == []
    codes = {
        each.code
        for seed in SEEDS
        if (verdict := full(seed, True)) is not None
        for each in verdict.findings
    }
    assert codes >= {"assert", "deadlock", "null-dereference", "out-of-bounds", "odd"}


MUTANTS = {
    "other CPUs do not step in an activation": (
        "    own = acts[ACT * act + FIRST_INSTANCE]\n    while own != 0:",
        "    own = 0\n    while own != 0:",
    ),
    "an instance misses what its activation has found before": (
        "    number = acts[ACT * acts[ACT * own + SHARED] + FIRST_IN]\n",
        "    number = 0\n",
    ),
    "an exit is not applied to a late landing": (
        "    way_out = acts[ACT * act + FIRST_EXIT]\n    while",
        "    way_out = 0\n    while",
    ),
    "a late exit is not applied to an early landing": (
        "    landing = acts[ACT * act + FIRST_LANDING]\n    while",
        "    landing = 0\n    while",
    ),
    "an exit of an instance leaves other CPUs where they were": (
        "        mask = mask + WORLD * ARRIVING\n",
        "        mask = mask + 0\n",
    ),
    "a node below is not resumed in its instance": (
        "            resume(control, number, instance, way_out, after)\n",
        "            after = after + 0\n",
    ),
    "a read that a write overtakes": (
        "return written & reading | read & writing",
        "return written & reading",
    ),
    "a write that a read overtakes": (
        "return written & reading | read & writing",
        "return read & writing",
    ),
    "computed addresses touch nothing": (
        "touched[0] = touched[0] | gone(i)",
        "touched[0] = touched[0] | 0 * gone(i)",
    ),
    "computed addresses lead anywhere unnoticed": (
        "        touched[3] = 1\n",
        "        touched[3] = 0\n",
    ),
    "another CPU that goes on is no escape from a deadlock": (
        "        acts[ACT * act + RESTLESS] = 1\n",
        "        acts[ACT * act + RESTLESS] = 0\n",
    ),
    "what other CPUs find is not kept": (
        "            noted(control, act, elements[ELEMENT * e + TELLS], deep, number, how)\n",
        "            deep = deep + 0\n",
    ),
    "a block ends after its first step": (
        "        if elements[at + FRESH] != 0:\n",
        "        if elements[at + FRESH] == 2:\n",
    ),
    "a later, shorter way is ignored": (
        "    elif nodes[NODE * number + LONG] & LENGTHS <= length:",
        "    elif nodes[NODE * number + LONG] >= 0:",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_of_the_kernels_are_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = MUTANTS[name]
    text = model.kernels_text()
    assert text.count(old) == 1
    monkeypatch.setattr(model, "kernels_text", lambda: text.replace(old, new))
    model.MADE.clear()
    model.loops_text.cache_clear()
    try:
        assert next(disagreements(SEEDS), None) is not None
    finally:
        model.MADE.clear()
        model.loops_text.cache_clear()
