"""A finding step by step: what is said of each step is true of it."""

from dataclasses import replace
from typing import Any

import pytest

from klprove.report.picture.sources import Source
from klprove.report.stepping import Walk, step_text
from klprove.verdict import Access, Finding, Trace
from tests.report.picture.pages import long_trace
from tests.report.specimens import event, finding, short_trace, wide_trace

LINES = tuple(f"line {each}\t;" for each in range(1, 101))


def walk(trace: Trace | None = None, modelled: bool = True, **members: Any) -> Walk:
    """A walk through `trace`, with 100 lines of source in rcu.c and none elsewhere."""
    beside = {
        "model/rcu.c": Source("model/rcu.c", LINES),
        "gone.c": Source("gone.c", (), "it is gone"),
    }
    return Walk(replace(finding(**members), trace=trace or short_trace()), beside, modelled)


def test_all_of_it_as_text() -> None:
    text = step_text(walk(site="f"))
    assert text.startswith("unwatched-silent at f: 4 steps\n\nstep 1 of 4: CPU 0 task\n")
    blocks = text.split("\n\n")
    assert blocks[3] == (
        "step 3 of 4: CPU 0 NMI\n"
        "in      : idle_loop()\n"
        "does    : <NMI> do_nmi()\n"
        "holds   : interrupts off; NMIs masked\n"
        "source  : model/rcu.c:12\n"
        "     10  line 10 ;\n"
        "     11  line 11 ;\n"
        ">    12  line 12 ;\n"
        "     13  line 13 ;\n"
        "     14  line 14 ;"
    )
    assert "does    : klp_ops.func_stack.next is &klp_func\n" in blocks[4]
    assert "does    : # BANG unwatched-silent\n" in blocks[4]


@pytest.mark.parametrize("trace", [wide_trace(3, 6), long_trace(300), short_trace(True)])
def test_it_is_plain_and_narrow(trace: Trace) -> None:
    text = step_text(walk(trace))
    assert text.isascii() and max(map(len, text.splitlines())) <= 79
    assert text.count("\nstep ") == len(trace.events)


def test_bands_are_told_by_what_they_say() -> None:
    counter = "rcu_dynticks[cpu 0].dynticks.counter"
    trace = Trace(
        ((counter, 2),),
        (event(accesses=(Access("update", counter, 2, 0),)), event(notes=("irqs off",)), event()),
    )
    assert walk(trace).holds(1) == {"not": ["interrupts off", "RCU watches"]}
    assert walk(trace).holds(2) == {"holds": ["interrupts off"], "not": ["RCU watches"]}
    assert walk(trace, modelled=False).holds(1) == {"not": ["interrupts off"]}
    nmi: dict[str, Any] = {"depth": 1, "kind": "nmi", "context": "n"}
    unknown = Trace((), (event(), event("enter", **nmi), event("exit", **nmi)))
    assert walk(unknown).holds(1) == {"not": ["NMIs masked"], "unknown": ["interrupts off"]}
    both = Trace((), (event(notes=("irqs off",)), event(cpu=1, notes=("irqs off",))))
    assert walk(both).holds(2) == {"holds": ["CPU 0 interrupts off", "CPU 1 interrupts off"]}


def test_values_are_those_after_the_step_the_changed_ones_first() -> None:
    trace = Trace(
        (("a", 1), ("b", 2)),
        (
            event(accesses=(Access("read", "a", 1, 1),)),
            event(accesses=(Access("write", "b", 2, 3), Access("free", "c", 0, 0))),
        ),
    )
    seen = walk(trace)
    assert list(seen.values(1).items()) == [("a", "1"), ("b", "2")] and seen.changes(1) == 0
    assert list(seen.values(2).items()) == [("b", "3"), ("c", "freed"), ("a", "1")]
    assert seen.changes(2) == 2


def test_a_source_that_is_not_there_is_said_to_be_so() -> None:
    trace = Trace((), (event(file="gone.c"), event(file="else.c"), event(line=0), event(line=999)))
    seen = walk(trace)
    assert [seen.place(step) for step in (1, 2, 3)] == ["gone.c:12 (it is gone)", "else.c:12", ""]
    assert [seen.around(step, 2, 2) for step in (1, 2, 3, 4)] == [[], [], [], []]
    near_the_end = walk(
        Trace((), (event(file="model/rcu.c", line=100), event(file="model/rcu.c", line=1)))
    )
    assert [at for at, _ in near_the_end.around(1, 2, 2)] == [98, 99, 100]
    assert [at for at, _ in near_the_end.around(2, 2, 2)] == [1, 2, 3]


def test_names_are_dead() -> None:
    evil = "x\x1b[31m\u202e"
    trace = Trace(
        ((evil, 0),), (event(calls=(evil,), accesses=(Access("write", evil, 0, 1),), file=evil),)
    )
    seen = Walk(Finding(evil, "violation", "", event().span, trace, evil), {}, False)
    said = [seen.title, seen.calls(1), *seen.does(1), seen.place(1), *seen.values(1)]
    assert all(each.isascii() and each.isprintable() for each in said)


def test_folded_runs_are_one_line() -> None:
    trace = long_trace(120)
    text = step_text(walk(trace, False), short=True)
    folds = walk(trace, False).folds
    hidden = sum(last - first + 1 for first, last in folds)
    assert folds and text.count("\nstep ") == 120 - hidden
    first, last = folds[0]
    assert f"\n... {last - first + 1} steps: {first} to {last}\n" in text
