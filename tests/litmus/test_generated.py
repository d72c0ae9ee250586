"""Random litmus tests: the outcomes are those of the abstract machine, no more, no fewer."""

import pytest

from klprove.engine import Limits, buffered, explore
from klprove.engine.reduction.names import EVERY
from klprove.ir import parse_ir, render, verify
from tests.litmus.generated import SIZE, program, threads
from tests.litmus.machine import Op, Outcome, outcomes

BLOCK = 30
PLENTY = 16
"""Entries that no generated thread can fill."""


def seen(every: set[Outcome], observed: int) -> list[Outcome]:
    """`every` outcome with only the first `observed` bytes of memory, each once."""
    return sorted({(registers, memory[:observed]) for registers, memory in every})


def compare(seed: int, engine: str, most: int) -> bool:
    """Compare klprove with the oracle; True where the buffers make a difference to the outcomes."""
    code = threads(seed)
    # Some memory that is not looked at in the end is private to a thread.
    observed = [SIZE, SIZE, 4, 0][seed % 4]
    every = seen(outcomes(code, SIZE, most=most), observed)
    made = buffered(program(code, every, seed, observed), most)
    assert verify(made) == [], seed
    assert parse_ir(render(made)) == made
    verdict = explore(made, Limits(engine=engine))
    assert verdict.complete
    wanted = {f"o{number}" for number in range(len(every))}
    assert {each.code for each in verdict.findings} == wanted, f"seed {seed}: {code}"
    return every != seen(outcomes(code, SIZE, buffers=False), observed)


@pytest.mark.parametrize("first", range(0, 300, BLOCK))
def test_every_outcome_of_a_generated_program(first: int) -> None:
    relaxed = sum(compare(seed, "reference", PLENTY) for seed in range(first, first + BLOCK))
    assert relaxed >= BLOCK // 10, "programs without relaxed outcomes show nothing"


@pytest.mark.parametrize("first", range(1000, 1060, BLOCK))
def test_the_native_engine_too(first: int) -> None:
    for seed in range(first, first + BLOCK):
        compare(seed, "native", PLENTY)


def test_both_engines_count_the_same_states() -> None:
    for seed in range(3000, 3010):
        code = threads(seed)
        made = buffered(program(code, sorted(outcomes(code, SIZE)), seed, SIZE), 2)
        sizes = [
            (each.statistics.states, each.statistics.transitions, each.statistics.depth)
            for name in ("reference", "native")
            for each in [explore(made, Limits(engine=name, no_reduce=EVERY))]
        ]
        assert sizes[0] == sizes[1], seed


@pytest.mark.parametrize("most", [1, 2])
def test_a_store_waits_where_its_buffer_is_full(most: int) -> None:
    """All of memory is observed here: private stores would take no room."""
    for seed in range(2000, 2120, 4):
        compare(seed, "reference", most)


def test_a_bound_hides_what_needs_more_entries() -> None:
    code = [[Op("store", 0, 1, 1), Op("store", 1, 1, 1), Op("load", 2, size=1)],
            [Op("store", 2, 1, 1), Op("fence"), Op("load", 0, size=1)]]  # fmt: skip
    relaxed = ((0,), (0,))
    for most, can in ((1, False), (2, True)):
        every = sorted(outcomes(code, SIZE, most=most))
        assert (relaxed in {registers for registers, _ in every}) == can
        verdict = explore(buffered(program(code, every, 0, SIZE), most))
        assert {each.code for each in verdict.findings} == {f"o{n}" for n in range(len(every))}
        assert verdict.bounds.store_buffer == (None if can else 1)
