# SPDX-License-Identifier: GPL-2.0-or-later
"""Several answers as one JSON document: `klprove compare --json`; docs/json.md.

What answers share is written once: an event is a number into `events`, an object's first value one
into `words`. Eight handlers on twelve kernels are 8 MB so, a fifth of their documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from klprove.report.comparison import letters_of
from klprove.report.explanations import in_order
from klprove.verdict import COMPARED

MOST_STEPS = 200_000
"""Steps of all traces together; the longest are left out, and counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One handler on one kernel: the document of the answer, or the functions it lacks there."""

    handler: str
    kernel: str
    document: Mapping[str, Any] | None
    lacking: Sequence[str] = ()


class _Pool:
    """Values that occur again and again, each once, by number."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}

    def number(self, value: dict[str, Any]) -> int:
        number = self._numbers.setdefault(repr(value), len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


def compared(asked: Sequence[Asked], most: int = MOST_STEPS) -> dict[str, Any]:
    """The document over `asked`: of each site and code the shortest finding, the first of equals.

    Traces are kept from the shortest on while they have no more than `most` steps together; the
    others are null, and `left_out` counts them.
    """
    chosen = [_shortest(each.document) for each in asked]
    rows = sorted((row for rows in chosen for row in rows), key=lambda row: len(row["trace"]))
    kept, room = set(), most
    for row in rows:
        room -= len(row["trace"])
        if room >= 0:
            kept.add(id(row))
    events, words = _Pool(), _Pool()
    answers = [
        _answer(each, [_finding(row, events, words, id(row) in kept) for row in rows])
        for each, rows in zip(asked, chosen, strict=True)
    ]
    codes = in_order(row["code"] for row in rows)
    return {
        "schema": COMPARED,
        "handlers": list(dict.fromkeys(each.handler for each in asked)),
        "kernels": list(dict.fromkeys(each.kernel for each in asked)),
        "letters": letters_of(codes),
        "left_out": len(rows) - len(kept),
        "answers": answers,
        "events": events.values,
        "words": words.values,
    }


def _shortest(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The finding with the shortest trace of each site and code, in the document's order."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in document["findings"] if document else ():
        key = row["site"], row["code"]
        if key not in found or len(row["trace"]) < len(found[key]["trace"]):
            found[key] = row
    return list(found.values())


def _answer(asked: Asked, findings: list[dict[str, Any]]) -> dict[str, Any]:
    document = None
    if asked.document is not None:
        document = {**asked.document, "findings": findings}
    return {
        "handler": asked.handler,
        "kernel": asked.kernel,
        "lacking": list(asked.lacking),
        "answer": document,
    }


def _finding(row: Mapping[str, Any], events: _Pool, words: _Pool, kept: bool) -> dict[str, Any]:
    """`row` with numbers for its events and first values."""
    if not kept:
        return {**row, "steps": len(row["trace"]), "initial": [], "trace": None}
    return {
        **row,
        "steps": len(row["trace"]),
        "initial": [words.number(each) for each in row["initial"]],
        "trace": [events.number(_unnumbered(each)) for each in row["trace"]],
    }


def _unnumbered(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "step"}
