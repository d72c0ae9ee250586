"""The native engine against the reference engine: the same states, counts, findings, schedules."""

from random import Random

import pytest

from klprove.engine.limits import Limits, Meter
from klprove.engine.machine import Machine, State
from klprove.engine.native import Native
from klprove.engine.native.layout import Layout
from klprove.engine.reference import Reference
from klprove.engine.search import Search
from klprove.ir.program import Program
from tests.engine.generated import program

ONE_EACH = {"irq": 1, "nmi": 1, "exception": 1}


def found(machine: Machine, search: Search) -> dict[str, object]:
    """Everything that two engines must agree on, to the state."""
    return {
        "states": search.states,
        "transitions": search.transitions,
        "depth": search.depth,
        "reasons": sorted(search.reasons),
        "denied": sorted(machine.denied),
        "witnesses": sorted(search.witnesses),
        "discoveries": sorted(
            (each.notice.code, each.notice.severity, each.notice.span, len(each.schedule))
            for each in search.discoveries
        ),
    }


def compare(made: Program, limits: Limits, most: int = 60_000) -> dict[str, object] | None:
    """What both engines find; None where the program is too large for the reference engine."""
    native = Machine(made, limits)
    search = Native(native, Meter(limits, None)).run()
    if search.states > most or any("time limit" in each for each in search.reasons):
        return None
    reference = Machine(made, limits)
    full = found(reference, Reference(reference, Meter(Limits(), None)).run())
    assert found(native, search) == full
    return full


@pytest.mark.parametrize("block", range(0, 160, 20))
def test_one_cpu(block: int) -> None:
    compared = []
    for seed in range(block, block + 20):
        limits = Limits(arrivals={} if seed % 3 else ONE_EACH, seconds=2)
        full = compare(program(seed), limits)
        compared += [full] if full else []
    assert len(compared) >= 15, "nearly all programs of a block must be small enough to compare"
    assert any(each["discoveries"] for each in compared)


@pytest.mark.parametrize("block", range(2000, 2060, 20))
def test_two_cpus(block: int) -> None:
    compared = []
    for seed in range(block, block + 20):
        full = compare(program(seed, cpus=2), Limits(arrivals=ONE_EACH, seconds=2))
        compared += [full] if full else []
    assert len(compared) >= 15, "nearly all programs of a block must be small enough to compare"
    assert any(each["discoveries"] for each in compared)


def walk(machine: Machine, steps: int, seed: int) -> list[State]:
    """States along random runs from boot."""
    random, states = Random(seed), []
    state = machine.initial([])
    for _ in range(steps):
        states.append(state)
        nexts = [machine.apply(state, each, []) for each in machine.choices(state)]
        alive = [each for each in nexts if each is not None]
        state = random.choice(alive) if alive else machine.initial([])
    return states


@pytest.mark.parametrize("seed", [3, 2007, 2011])
def test_records_hold_whole_states(seed: int) -> None:
    machine = Machine(program(seed, cpus=1 + (seed > 2000)), Limits())
    layout = Layout(machine)
    states = set(walk(machine, 400, seed))
    records = {layout.encode(each) for each in states}
    assert len(records) == len(states) > 1
    assert {layout.decode(each) for each in records} == states
