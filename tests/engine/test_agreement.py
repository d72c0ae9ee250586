"""The nested engine against the reference engine, on generated programs."""

import pytest

from klprove.engine import Limits, explore
from klprove.ir import verify
from klprove.verdict import Verdict
from tests.engine.generated import program

SEEDS = range(240)
LARGEST = 400
"""Nodes of the nested engine beyond which whole states are too many for a test."""


def said(verdict: Verdict) -> list[tuple[object, ...]]:
    """What two engines must agree on: findings, their places, lengths of their shortest traces."""
    return sorted(
        (each.code, each.severity, each.span, len(each.trace.events)) for each in verdict.findings
    )


@pytest.mark.parametrize("block", range(0, len(SEEDS), 20))
def test_engines_agree_on_generated_programs(block: int) -> None:
    compared = 0
    for seed in SEEDS[block : block + 20]:
        made = program(seed)
        assert verify(made) == []
        arrivals = {} if seed % 3 else {"irq": 1, "nmi": 1, "exception": 1}
        nested = explore(made, Limits(engine="nested", arrivals=arrivals))
        if nested.statistics.states > LARGEST:
            continue
        full = explore(made, Limits(engine="reference", arrivals=arrivals))
        compared += 1
        assert said(full) == said(nested), f"seed {seed}"
        assert full.complete == nested.complete, f"seed {seed}"
        assert full.unreached == nested.unreached, f"seed {seed}"
    assert compared >= 10, "most programs of a block must be small enough to compare"


def test_generated_programs_have_every_kind_of_finding() -> None:
    """A comparison of programs in which nothing happens would show nothing."""
    codes: set[str] = set()
    for seed in range(90):
        codes |= {each.code for each in explore(program(seed), Limits(engine="nested")).findings}
    assert codes >= {
        "assert",
        "invariant",
        "unbalanced",
        "deadlock",
        "null-dereference",
        "out-of-bounds",
        "odd",
        "even-warned",
    }


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_two_cpus_are_searched_and_replayed(seed: int) -> None:
    limits = Limits(engine="reference", arrivals={"irq": 0, "nmi": 1, "exception": 0})
    verdict = explore(program(seed, cpus=2), limits)
    assert verdict.complete
    for each in verdict.findings:
        assert all(0 <= event.cpu < 2 for event in each.trace.events)
