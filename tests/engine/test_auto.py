"""`--engine auto` on several CPUs: a short search in Python, a long one in machine code."""

import pytest

from klprove.engine import REDUCTIONS, Limits, answering, explore, reference
from klprove.engine.native import available
from tests.engine.generated import program
from tests.engine.test_agreement import said

ARRIVALS = {"irq": 0, "nmi": 1, "exception": 0}


@pytest.mark.parametrize("off", [frozenset(), frozenset(REDUCTIONS)])
def test_a_short_search_says_what_the_reference_engine_says(off: frozenset[str]) -> None:
    engines = []
    for seed in range(1000, 1012):
        made = program(seed, cpus=2)
        short = explore(made, Limits(arrivals=ARRIVALS, no_reduce=off))
        full = explore(made, Limits(engine="reference", arrivals=ARRIVALS))
        assert said(short) == said(full), f"seed {seed}"
        assert short.complete == full.complete and short.unreached == full.unreached
        engines.append(short.statistics.engine)
        if off and short.statistics.engine == "reference":
            assert short.statistics.states == full.statistics.states
    assert "reference" in engines


@pytest.mark.skipif(not available(), reason="llvmlite is not installed")
def test_a_search_that_takes_longer_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_SPRINT", 20)
    monkeypatch.setattr(reference, "_LOOK", 1)
    compiled = 0
    for seed in range(1000, 1012):
        made = program(seed, cpus=2)
        verdict = explore(made, Limits(arrivals=ARRIVALS))
        expected = explore(made, Limits(engine="reference", arrivals=ARRIVALS))
        assert said(verdict) == said(expected)
        compiled += verdict.statistics.engine == "native"
    assert compiled
