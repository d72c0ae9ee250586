"""Where two traces part: by what steps do, or by context kinds; and where they meet again."""

from dataclasses import replace
from typing import Any

import pytest

from klprove.report.again import two
from klprove.report.parting import KINDS, MOST, NAMES, Parting, part, parting_text
from klprove.source import BadInput, Span
from klprove.verdict import Access, Event, Trace
from tests.report.picture.pages import documented, finding, long_trace
from tests.report.specimens import event, short_trace, wide_trace
from tests.report.test_stepping import walk

NMI: dict[str, Any] = {"depth": 1, "kind": "nmi", "context": "n"}
IRQ: dict[str, Any] = {"depth": 1, "kind": "irq", "context": "i"}


def parted(one: Trace, other: Trace, related: bool = True) -> Parting:
    """Two traces compared."""
    return part(walk(one), walk(other), related)


def said(one: Trace, other: Trace, related: bool = True) -> str:
    """What is told of it."""
    left, right = walk(one), walk(other)
    return parting_text(("a.json", "b.json"), left, right, part(left, right, related))


def wrote(value: int, **members: Any) -> Event:
    """A step that sets x."""
    return event(accesses=(Access("write", "x", 0, value),), **members)


def trace(*values: int, **members: Any) -> Trace:
    """Steps that set x."""
    return Trace((), tuple(wrote(value, **members) for value in values))


def test_lines_of_source_do_not_matter() -> None:
    moved = Trace((), tuple(replace(e, span=Span("b.c", 9, 9)) for e in trace(1, 2, 3).events))
    assert parted(trace(1, 2, 3), moved).same
    assert "the same: from the first step to the last" in said(trace(1, 2, 3), moved)


@pytest.mark.parametrize(
    "other",
    [
        wrote(9),
        wrote(2, calls=("f",)),
        wrote(2, cpu=1),
        wrote(2, depth=1),
        wrote(2, kind="irq"),
        wrote(2, context="u"),
        event("switch", accesses=(Access("write", "x", 0, 2),)),
        event(accesses=(Access("update", "x", 0, 2),)),
        wrote(2, notes=("irqs off",)),
    ],
)
def test_everything_else_does(other: Event) -> None:
    one = trace(1, 2, 3)
    found = parted(one, Trace((), (one.events[0], other, one.events[2])))
    assert (found.common, found.later, found.by) == (1, ((2, 2, 1),), NAMES)


def test_what_follows_is_found_where_it_has_moved_to() -> None:
    found = parted(trace(1, 2, 3, 4, 5), trace(1, 7, 8, 3, 4, 9))
    assert (found.common, found.later, found.alike) == (1, ((2, 3, 2),), 3)
    text = said(trace(1, 2, 3, 4, 5), trace(1, 7, 8, 3, 4, 9))
    assert "the same: step 1\n" in text
    assert "later   : 2 steps in common again: 3 to 4 = 4 to 5" in text


def test_side_by_side() -> None:
    lines = said(trace(1, 2, 3), trace(1, 4)).splitlines()
    start = lines.index("-" * 38 + " - " + "-" * 38)
    assert lines[start - 2 : start + 5] == [
        "   1 idle_loop()                            1 idle_loop()",
        "       x: 0 -> 1                                x: 0 -> 1",
        "-" * 38 + " - " + "-" * 38,
        "   2 idle_loop()                       |    2 idle_loop()",
        "       x: 0 -> 2                       |        x: 0 -> 4",
        "                                       |        # BANG unwatched-silent",
        "   3 idle_loop()                       |      (the trace has ended)",
    ]


def test_what_is_the_same_beside_each_other_has_no_mark() -> None:
    lines = said(trace(1, 2, 3), trace(1, 9, 3)).splitlines()
    start = lines.index("-" * 38 + " - " + "-" * 38)
    marks = [line[38:41] for line in lines[start + 1 : start + 6]]
    assert marks == [" | ", " | ", "   ", "   ", "   "]


def test_a_trace_that_goes_on() -> None:
    text = said(trace(1, 2), trace(*range(1, 30)))
    assert "the same: steps 1 to 2" in text and "nothing: the left trace ends there" in text
    assert "... 21 more" in text
    assert "nothing: the right trace ends there" in said(trace(1, 2), trace(1))
    assert "they have nothing in common any more" in said(trace(1, 2), trace(3, 4))
    assert "nothing: they differ from the first step on" in said(trace(1, 2), trace(3, 4))


def test_other_names_are_matched_by_kinds() -> None:
    one = (wrote(1), event("enter", **NMI), wrote(2, **NMI), event("exit", **NMI), wrote(3))
    names = {"context": "t", "calls": ("t",)}
    other = (
        *(wrote(5, **names), wrote(6, **names), event("enter", **NMI | names)),
        *(event("exit", **NMI | names), wrote(7, **names)),
    )
    found = parted(Trace((), one), Trace((), other), related=False)
    assert found.same and found.by == KINDS
    assert [(each.first, each.last) for each in found.left] == [(1, 1), (2, 4), (5, 5)]
    text = " ".join(said(Trace((), one), Trace((), other), related=False).split())
    assert "matched : by context kinds alone" in text and "3 stretches, from the first" in text


def test_kinds_that_differ() -> None:
    one = (wrote(1), event("enter", **NMI), event("exit", **NMI), wrote(3))
    other = (
        *(wrote(5, calls=("t",)), wrote(6, calls=("t",)), event("enter", **IRQ)),
        *(event("exit", **IRQ), wrote(7, calls=("t",))),
    )
    found = parted(Trace((), one), Trace((), other), related=False)
    assert (found.common, found.later, found.by) == (1, ((2, 2, 1),), KINDS)
    text = said(Trace((), one), Trace((), other), related=False)
    assert "the same: steps 1 to 1 on the left, 1 to 2 on the right" in text
    assert "CPU 0 NMI, to step 3" in text and "CPU 0 irq, to step 4" in text
    assert "1 stretch in common again: 4 = 5" in text


def test_other_generations_with_the_same_names_are_matched_by_them() -> None:
    assert parted(trace(1, 2, 3), trace(1, 2, 4), related=False).by == NAMES
    assert parted(trace(1, 2, 3), trace(1, 5, 4), related=False).by == KINDS
    assert parted(trace(1, 2, 3), trace(9, 5, 4), related=True).by == NAMES


def test_what_is_too_long_is_not_looked_for() -> None:
    one, other = long_trace(MOST + 2), long_trace(MOST + 3)
    other = Trace((), other.events[1:])
    assert parted(one, other).later is None
    assert f"not looked for: more than {MOST:,} steps" in said(one, other)


@pytest.mark.parametrize("related", [True, False])
def test_it_is_plain_and_narrow(related: bool) -> None:
    for one, other in ((wide_trace(3, 6), short_trace(True)), (wide_trace(1, 2), wide_trace(2, 2))):
        text = said(one, other, related)
        assert text.isascii() and max(map(len, text.splitlines())) <= 79


def test_the_sides_are_chosen() -> None:
    told = documented(finding(), finding("assert", trace=trace(1, 2)), finding(trace=trace(1)))
    paths, documents = ("a", "b"), (told, told)
    assert "left    : a (v4.12rc): unwatched-silent, 1 step\n" in two(
        paths, documents, ("", ""), ("", "")
    )
    text = two(paths, documents, ("assert", ""), ("", ""))
    assert "right   : b (v4.12rc): assert, 2 steps\n" in text, "the code of the left side"
    text = two(paths, documents, ("assert", "unwatched-silent"), ("", ""))
    assert "right   : b (v4.12rc): unwatched-silent, 1 step\n" in text
    with pytest.raises(BadInput, match="b: error: no finding"):
        two(paths, documents, ("assert", "warned"), ("", ""))
