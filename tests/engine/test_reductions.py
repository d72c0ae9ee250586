"""Reduced searches find what the full search finds; what they leave out, how, and what they say."""

from dataclasses import replace
from pathlib import Path

import pytest

from klprove.check import Question
from klprove.check import program as program_of
from klprove.engine import REDUCTIONS, Limits, explore
from klprove.engine.limits import Meter
from klprove.engine.machine import Machine
from klprove.engine.native import Native
from klprove.engine.reduction import used
from klprove.engine.reduction.cycles import cut
from klprove.engine.search import Search
from klprove.engine.shortest import shortened
from klprove.ir import verify
from klprove.source import BadInput
from tests.engine.agree import OFF, compare, full
from tests.engine.interleaved import AWAITS, arrivals, program
from tests.engine.interleavings import CASES
from tests.engine.twins import TWINS

ALL = frozenset(REDUCTIONS)
BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("block", [*range(0, 100, 20), AWAITS, AWAITS + 20, TWINS, TWINS + 20])
def test_findings_do_not_depend_on_reductions(block: int) -> None:
    found = [compare(seed) for seed in range(block, block + 20)]
    compared = [each for each in found if each is not None]
    assert len(compared) >= 14, "most programs of a block must be small enough to compare"
    assert [(each.seed, each.wrong) for each in compared if each.wrong] == []


@pytest.mark.parametrize("name", CASES)
def test_what_is_easily_missed(name: str) -> None:
    found = compare(name)
    assert found is not None
    assert found.codes & {"odd", "invariant"}
    assert found.wrong == []


def test_every_reduction_leaves_something_out() -> None:
    seeds = (*range(50), *range(TWINS, TWINS + 10))
    found = [each for each in (compare(seed, False) for seed in seeds) if each]
    whole, *reduced = (sum(each.states[place] for each in found) for place in range(len(OFF) + 1))
    everything, *without = reduced
    assert everything * 8 < whole
    assert all(everything < each < whole for each in without)


def test_the_programs_are_sound_and_of_every_kind() -> None:
    codes: set[str] = set()
    for seed in (*range(110), *range(AWAITS, AWAITS + 30)):
        assert verify(program(seed)) == []
        oracle = full(seed)
        if oracle is not None:
            codes |= {each.notice.code for each in oracle[1].discoveries} | oracle[0].denied
    assert codes & {"irq", "softirq", "nmi"}, "a bound that nobody asked for"
    assert codes >= {"use-after-free", "invariant", "unbalanced", "deadlock", "assert"}


@pytest.mark.parametrize("seed", range(30))
def test_without_any_reduction_every_state_counts(seed: int) -> None:
    oracle = full(seed)
    if oracle is None:
        return
    limits = Limits(arrivals=arrivals(seed), engine="native", no_reduce=ALL)
    statistics = explore(program(seed), limits).statistics
    assert (statistics.states, statistics.transitions, statistics.reduced) == (
        oracle[1].states,
        oracle[1].transitions,
        (),
    )


# -- traces ------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(0, 60, 20))
def test_traces_are_shortest_after_a_reduced_search(block: int) -> None:
    compared = 0
    for seed in range(block, block + 20):
        oracle = full(seed)
        if oracle is None or not oracle[1].discoveries:
            continue
        compared += 1
        lengths = {each.notice.span: len(each.schedule) for each in oracle[1].discoveries}
        verdict = explore(program(seed), Limits(arrivals=arrivals(seed), engine="native"))
        assert {each.span: len(each.trace.events) for each in verdict.findings} == lengths
        assert all(each.trace.shortest for each in verdict.findings)
    assert compared >= 8


def test_traces_that_may_be_too_long_say_so() -> None:
    """Where the full search is given up, the run of the reduced one is shown, and replays."""
    for seed in range(40):
        machine = Machine(program(seed), Limits(arrivals=arrivals(seed)))
        meter = Meter(machine.limits, None)
        search = Native(machine, meter, off=frozenset()).run()
        if search.states < 60 or not search.discoveries:
            continue
        found = shortened(machine, meter, search, most=1)
        # One slice is searched before the limit is looked at.
        assert {each.notice for each in found} == {each.notice for each in search.discoveries}
        for each in found:
            if not each.shortest:
                return
    pytest.fail("every trace was found within one slice")


def test_an_interrupted_search_is_not_searched_again() -> None:
    machine = Machine(program(1), Limits(arrivals=arrivals(1)))
    search = Native(machine, Meter(machine.limits, None), off=frozenset()).run()
    stopped = Search(discoveries=search.discoveries, reasons=["interrupted"])
    found = shortened(machine, Meter(machine.limits, None), stopped)
    assert found and all(not each.shortest for each in found)
    assert [replace(each, shortest=True) for each in found] == search.discoveries


# -- what is said ------------------------------------------------------------------------


def test_names() -> None:
    assert used(frozenset()) == REDUCTIONS
    assert used(frozenset({"ample"})) == ("delivery", "dead", "symmetry"), (
        "chains are of ample steps"
    )
    assert used(ALL) == ()
    with pytest.raises(BadInput, match="no reduction 'magic'"):
        explore(program(1), Limits(no_reduce=frozenset({"magic"})))


@pytest.mark.parametrize(
    ("name", "defines", "states"),
    [
        ("dynticks_nest", {"NCPU": "1"}, (402_168, 15_597)),
        ("dynticks_nest", {"NCPU": "2", "NIST": "0", "NNMI": "0"}, (463_011, 18_017)),
        ("dynticks_nest", {"NCPU": "3", "NFULL": "0"}, (373_719, 6_027)),
        ("lock", {"NCPU": "3"}, (1_025, 50)),
        ("lock", {"NCPU": "4"}, (6_625, 87)),
    ],
)
def test_the_benchmark_gets_smaller(
    name: str, defines: dict[str, str], states: tuple[int, int]
) -> None:
    file = BENCH / f"{name}.c"
    made = program_of(Question((str(file),), defines=defines))
    limits = Limits(engine="native", arrivals={"irq": 1, "nmi": 1, "exception": 1})
    found = [explore(made, replace(limits, no_reduce=off)) for off in (ALL, frozenset[str]())]
    assert [each.word for each in found] == ["holds", "holds"]
    assert tuple(each.statistics.states for each in found) == states
    assert [each.statistics.reduced for each in found] == [(), REDUCTIONS]


@pytest.mark.parametrize("compact", [False, True])
def test_threads_and_fingerprints_reduce_alike(compact: bool) -> None:
    made = program_of(Question((str(BENCH / "lock.c"),), defines={"NCPU": "4"}))
    figures = []
    for threads in (1, 2):
        limits = Limits(engine="native", threads=threads, compact=compact)
        verdict = explore(made, limits)
        figures.append((verdict.statistics.states, verdict.statistics.transitions))
    assert figures[0] == figures[1]
    assert figures[0][0] == 87


# -- the proviso ----------------------------------------------------------------------------


def test_cuts_meet_every_cycle() -> None:
    follows = {0: {1}, 1: {2, 4}, 2: {3}, 3: {1}, 4: {4, 5}, 5: {6}, 6: {5, 7}, 7: set[int]()}
    for cuts in (cut(range(8), follows, lambda n: n), cut(range(8), follows, lambda n: -n)):
        left = {n: nexts - cuts for n, nexts in follows.items() if n not in cuts}
        assert cut(left, left, lambda n: 0) == set()
    assert 3 in cut(range(8), follows, lambda n: int(n == 3))
