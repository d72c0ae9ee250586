"""Whether a result is right: every way to be wrong, and what only more effort could decide."""

import json
from pathlib import Path

import jsonschema
import pytest

from klprove.corpus import Entry, Expectation, Judged, Model, Result, document
from klprove.corpus.result import OPEN, REFUSED, RIGHT, UNJUDGED, WRONG, Outcome
from klprove.source import Diagnostic, Span
from tests.schemas.law import obey

PINNED = Expectation("violated", frozenset({"assert"}), 7)
FREE = Expectation("violated", frozenset({"assert"}))
ANY = Expectation("violated", None)
SLOW = ("time limit of 1 s reached",)
DEEP = ("more than 3 frames of kind nmi",)


def judged(expected: Expectation, memory_model: str = "sc", **found: object) -> Judged:
    """`expected` beside a complete result that is right for PINNED but for `found`."""
    usual = {
        "words": {"": "violated"},
        "codes": frozenset({"assert"}),
        "states": 7,
        "steps": 3,
        "complete": True,
        "reasons": (),
        "engine": "native",
        "every_state": True,
        "seconds": 0.1,
    }
    result = Result(**(usual | found))  # type: ignore[arg-type]
    return Judged(Model("twin", "buggy", Path("buggy.c"), expected), result, memory_model)


@pytest.mark.parametrize(
    ("expected", "found", "outcome"),
    [
        (PINNED, {}, RIGHT),
        (PINNED, {"states": 8}, WRONG),
        (PINNED, {"states": 8, "every_state": False}, RIGHT),
        (PINNED, {"words": {"f": "violated", "g": "holds"}}, WRONG),
        (PINNED, {"codes": frozenset({"assert", "deadlock"})}, WRONG),
        (PINNED, {"codes": frozenset()}, WRONG),
        (PINNED, {"complete": False, "reasons": SLOW}, OPEN),
        (PINNED, {"complete": False, "reasons": DEEP}, WRONG),
        (FREE, {"complete": False, "reasons": SLOW}, RIGHT),
        (FREE, {"words": {"": "incomplete"}, "complete": False, "reasons": SLOW}, OPEN),
        (FREE, {"words": {"": "incomplete"}, "complete": False, "reasons": DEEP}, WRONG),
        (ANY, {"codes": frozenset({"spin"})}, RIGHT),
        (ANY, {"words": {"": "holds"}, "codes": frozenset()}, WRONG),
        (PINNED, {"diagnostics": (Diagnostic("syntax", Span("a", 1, 1), "no"),)}, REFUSED),
    ],
)
def test_an_outcome(expected: Expectation, found: dict[str, object], outcome: str) -> None:
    each = judged(expected, **found)
    assert each.outcome == outcome
    assert bool(each.differences) == (outcome != RIGHT)


def test_what_is_not_judged_may_differ() -> None:
    assert judged(PINNED, "tso").outcome == UNJUDGED
    assert judged(PINNED, "tso", states=9).outcome == UNJUDGED


def test_what_was_not_run_is_open() -> None:
    each = Judged(Model("twin", "buggy", Path("buggy.c"), PINNED), None, "sc")
    assert (each.outcome, each.differences) == (OPEN, ("not run",))


REFUSED_RESULT = {"diagnostics": (Diagnostic("syntax", Span("a", 1, 1), "no"),)}


@pytest.mark.parametrize("timed", [False, True])
def test_the_json_is_valid(timed: bool) -> None:
    models = (
        judged(PINNED),
        judged(PINNED, states=8, steps=None),
        judged(ANY, complete=False, reasons=SLOW, words={"f": "violated", "g": "incomplete"}),
        judged(PINNED, "tso"),
        judged(FREE, **REFUSED_RESULT),
        Judged(Model("twin", "buggy", Path("buggy.c"), PINNED), None, "sc"),
    )
    entry = Entry("twin", Path("twin"), "0123456789ab", tuple(each.model for each in models))
    content = json.loads(json.dumps(document(Outcome(((entry, models),), interrupted=True), timed)))
    obey(content)
    assert ("seconds" in content["twins"][0]["models"][0]["found"]) == timed
    for broken in (content | {"extra": 1}, content | {"counts": {"fine": 1}}):
        with pytest.raises(jsonschema.ValidationError):
            obey(broken)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [((), 0), (("wrong",), 1), (("wrong", "open"), 1), (("open",), 3), (("wrong", "bad"), 2)],
)
def test_the_exit_status(outcomes: tuple[str, ...], status: int) -> None:
    bad = (Diagnostic("syntax", Span("a", 1, 1), "no"),)
    models = {
        "wrong": judged(PINNED, states=8),
        "open": judged(PINNED, complete=False, reasons=SLOW),
        "bad": judged(PINNED, diagnostics=bad),
    }
    entry = (None, (judged(PINNED), *(models[each] for each in outcomes)))
    assert Outcome((entry,)).exit_status == status  # type: ignore[arg-type]
