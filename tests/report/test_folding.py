"""What folding hides: each rule of its definition has a trace that needs it."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klprove.report.entries import number
from klprove.report.folding import LEAST, folded, matter
from klprove.report.interleaving import draw
from klprove.verdict import STORE_BUFFER, Access, Event, Trace
from tests.report.picture.pages import long_trace
from tests.report.specimens import event

IN_F, IN_G, IN_H = ("t", "f"), ("t", "f", "g"), ("t", "f", "h")
NMI: dict[str, Any] = {"depth": 1, "kind": "nmi", "context": "n", "calls": ("n",)}


def wrote(name: str, *, calls: tuple[str, ...] = IN_F, **where: Any) -> Event:
    """A plain write of `name`."""
    return event(accesses=(Access("write", name, 0, 1),), **{"calls": calls, **where})


def read(name: str, *, calls: tuple[str, ...] = IN_F, **where: Any) -> Event:
    """A read of `name`."""
    return event(accesses=(Access("read", name, 1, 1),), **{"calls": calls, **where})


def updated(name: str, *, calls: tuple[str, ...] = IN_F) -> Event:
    """An atomic update of `name`."""
    return event(accesses=(Access("update", name, 0, 1),), calls=calls)


def kept(*events: Event, modelled: bool = False) -> list[int]:
    """Numbers of the steps that matter."""
    told = matter(Trace((), events), modelled)
    return [step for step, each in enumerate(told, 1) if each]


def test_the_last_step_stays_though_it_touches_nothing() -> None:
    assert kept(wrote("a"), event(calls=IN_F)) == [2]


def test_the_words_of_the_last_step_matter_and_others_do_not() -> None:
    last = read("a", calls=("t", "u"))
    assert kept(wrote("a"), wrote("b"), read("a", calls=IN_G), read("b"), last) == [1, 3, 5]


def test_arrivals_and_ends_stay() -> None:
    events = (
        wrote("a"),
        event("enter", **NMI),
        wrote("b", **NMI),
        event("exit", **NMI),
        event("switch", context="u"),
        read("c"),
    )
    assert kept(*events) == [2, 4, 5, 6]


def test_what_is_noted_stays_but_for_witnesses() -> None:
    noted = [event(notes=(note,)) for note in ("irqs off", "reaches there", "chooses 1")]
    assert kept(*noted[1:], event()) == [2, 3]
    assert kept(noted[1], event(notes=("reaches a", "warned")), event()) == [2, 3]


def test_a_step_that_turns_a_band_stays() -> None:
    counter = "rcu_dynticks[cpu 0].dynticks.counter"
    on = event(accesses=(Access("update", counter, 2, 0),))
    same = event(accesses=(Access("update", counter, 0, 1),))
    last = read("c", calls=("t", "u"))
    trace = Trace(((counter, 2),), (wrote("a"), on, same, wrote("b"), last))
    assert matter(trace, True) == [False, True, False, False, True]
    assert matter(trace, False) == [False, False, False, False, True]
    assert matter(Trace(((counter, 2),), (on, same, last)), True) == [True, False, True]


def test_a_write_depends_on_what_its_function_read_before_it() -> None:
    events = (wrote("a"), read("a"), read("b"), wrote("x"), read("c"))
    assert kept(*events, read("x")) == [1, 2, 3, 4, 5, 6], "the last step is of that function, too"
    outside = read("x", calls=("t", "u"))
    assert kept(*events, outside) == [1, 2, 3, 4, 6]


def test_and_on_what_the_function_that_returned_last_read() -> None:
    last = read("x", calls=("t", "u"))
    events = (read("a", calls=IN_H), read("b", calls=IN_G), wrote("x"), last)
    assert kept(*events) == [2, 3, 4]
    deeper = read("b", calls=(*IN_G, "k"))
    assert kept(read("a", calls=IN_H), deeper, wrote("x"), last) == [2, 3, 4]


def test_not_on_what_its_caller_read() -> None:
    assert kept(read("a", calls=("t",)), wrote("x"), event("switch"), read("x")) == [2, 3, 4]


def test_an_update_depends_on_its_word_alone() -> None:
    other = ("t", "u")
    assert kept(read("a"), updated("x"), read("x", calls=other)) == [2, 3]
    assert kept(wrote("x"), updated("x"), read("x", calls=other)) == [1, 2, 3]


def test_a_write_ends_the_dependence_on_what_was_before() -> None:
    other = ("t", "u")
    assert kept(wrote("x"), wrote("x"), read("x", calls=other)) == [2, 3]
    assert kept(wrote("x"), updated("x"), read("x", calls=other)) == [1, 2, 3]


def test_other_contexts_have_their_own_functions() -> None:
    nested = {**NMI, "calls": IN_F}
    events = (read("a"), event("enter", **NMI), read("b", **nested), wrote("x", **nested))
    assert kept(*events, event("exit", **NMI), read("x", calls=("t", "u"))) == [2, 3, 4, 5, 6]


def test_an_arrival_of_before_is_another_one() -> None:
    end = event("exit", **NMI)
    first = (event("enter", **NMI), read("b", **NMI), end)
    second = (event("enter", **NMI), read("c", **NMI), wrote("x", **NMI), end)
    assert kept(*first, *second, read("x", calls=("t", "u"))) == [1, 3, 4, 5, 6, 7, 8]


def test_a_store_buffer_hands_on_what_was_stored() -> None:
    stored = event(accesses=(Access("buffer", "x", 0, 1),), calls=IN_F)
    drained = event(kind=STORE_BUFFER, depth=1, calls=(), accesses=(Access("write", "x", 0, 1),))
    assert kept(read("a"), stored, wrote("b"), drained, read("x", cpu=1)) == [1, 2, 4, 5]


def test_a_run_of_one_is_not_folded() -> None:
    lonely = Trace((), (wrote("a"), event("switch"), wrote("a"), wrote("b"), event("switch")))
    assert folded(lonely, False) == {3, 4} and LEAST == 2


def test_a_fold_is_said_in_its_place() -> None:
    trace = Trace((), (wrote("a"), wrote("b"), event("enter", **NMI), read("x", **NMI)))
    lines = draw(trace, "assert", lambda _, value: number(value), folded(trace, False))
    assert [each.split("  ")[-1].strip() for each in lines[1:3]] == [
        "... 2 steps",
        "rcu_dynticks.c:12",
    ]
    assert not any("a: 0" in each for each in lines)


def test_a_fold_of_steps_that_say_nothing_is_not_said() -> None:
    trace = Trace((), (event(), event(), event("enter", **NMI), read("x", **NMI)))
    assert folded(trace, False) == {1, 2}
    lines = draw(trace, "assert", lambda _, value: number(value), folded(trace, False))
    assert not any("..." in each for each in lines)


def _any_event() -> st.SearchStrategy[Event]:
    accesses = st.builds(
        Access,
        st.sampled_from(["read", "write", "update", "free", "buffer", "forwarded"]),
        st.sampled_from("abc"),
        st.just(0),
        st.just(1),
    )
    return st.builds(
        lambda depth, calls, accesses: event(
            depth=depth, calls=tuple(calls), accesses=tuple(accesses)
        ),
        st.integers(0, 2),
        st.lists(st.sampled_from("fg"), max_size=3),
        st.lists(accesses, max_size=2),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(_any_event(), min_size=1, max_size=25))
def test_whatever_the_trace_the_last_writer_of_a_word_of_the_end_stays(events: list[Event]) -> None:
    trace = Trace((), tuple(events))
    told = matter(trace, False)
    assert told[-1]
    for name in {each.name for each in events[-1].accesses if each.kind != "write"}:
        writers = [
            place
            for place, each in enumerate(events[:-1])
            if any(a.name == name and a.kind != "read" for a in each.accesses)
        ]
        assert not writers or told[writers[-1]]
    hidden = folded(trace, False)
    assert all(not told[step - 1] for step in hidden)
    assert set(_runs(hidden)) & {1} == set()


def _runs(hidden: frozenset[int]) -> Iterator[int]:
    """Lengths of the runs of numbers."""
    length = 0
    for step in range(1, max(hidden, default=0) + 2):
        if step in hidden:
            length += 1
        elif length:
            yield length
            length = 0


@pytest.mark.parametrize("steps", [1, 7000])
def test_long_traces_are_folded_too(steps: int) -> None:
    trace = long_trace(steps)
    assert (len(folded(trace, False)) > 6000) == (steps == 7000)
