# SPDX-License-Identifier: GPL-2.0-or-later
"""What `klprove scan` answers to each question, in every form, with the exit status."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from klprove.formats import Told
from klprove.report.mapped import (
    counts_results,
    differences_results,
    gone_results,
    listing_results,
    patchable_results,
    summary_results,
    why_results,
)
from klprove.report.scan import counts, differences, listing, patchable, paths, summary, why
from klprove.report.scan_data import differences_document, numbers_document
from klprove.scan import GRADES, Map, compare
from klprove.source import near, plain

if TYPE_CHECKING:
    from klprove.image.dwarf import Inlines

BAD_INPUT, _INCOMPLETE = 2, 3

Answered: TypeAlias = tuple[Told, int]
Whole: TypeAlias = Callable[[], dict[str, Any]]
"""Makes the document of the whole map: lists and summaries have no other one."""


def of_summary(found: Map, whole: Whole) -> Answered:
    """Without a question. An image whose functions have no names has no answer."""
    status = 0 if found.names else BAD_INPUT
    status = status if found.complete else _INCOMPLETE
    return Told(lambda: summary(found), whole, lambda: summary_results(found, status)), status


def of_numbers(found: Map, numbers: Sequence[tuple[str, int, int]]) -> Answered:
    """--numbers."""
    status = _INCOMPLETE if found.open else 0
    told = Told(
        lambda: counts(found, numbers),
        lambda: numbers_document(found, numbers),
        lambda: counts_results(found, numbers, status),
    )
    return told, status


def of_difference(found: Map, after: Map, grade: str) -> Answered:
    """--diff."""
    changes = compare(found, after, GRADES.index(grade))
    status = _INCOMPLETE if found.open or after.open else 0
    told = Told(
        lambda: differences(found, after, changes),
        lambda: differences_document(found, after, changes, grade),
        lambda: differences_results(found, after, changes, status),
    )
    return told, status


def of_patchable(found: Map, whole: Whole) -> Answered:
    """--patchable."""
    status = _INCOMPLETE if "unknown" in found.patch else 0
    return Told(lambda: patchable(found), whole, lambda: patchable_results(found, status)), status


def of_list(found: Map, asked: str, grade: int, every: bool, shown: bool, whole: Whole) -> Answered:
    """One of the questions: patchable functions or `every` one; `shown`: with their paths."""
    status = _INCOMPLETE if asked in found.open else 0
    told = Told(
        lambda: (paths if shown else listing)(found, asked, grade, every),
        whole,
        lambda: listing_results(found, asked, grade, every, status),
    )
    return told, status


def of_function(found: Map, function: str, inlined: "Inlines | str", whole: Whole) -> Answered:
    """--why. Raises UsageError where there is no such function."""
    from klprove.report.inlined import inlined_copies, inlined_only

    indices = found.find(function)
    if indices:
        told = (f"{why(found, i)}\n\n{inlined_copies(found, i, inlined)}" for i in indices)
        text = "\n\n".join(told)
        return Told(lambda: text, whole, lambda: why_results(found, indices, 0)), 0
    gone = inlined_only(found, function, inlined)
    if not gone:
        text = f"no function {plain(function)} in this image{_meant(found, function)}"
        raise click.UsageError(text)
    return Told(lambda: gone, whole, lambda: gone_results(found, function, gone, 0)), 0


def _meant(found: Map, function: str) -> str:
    names = near(function, found.names, 0.8)
    return f"; did you mean {', '.join(names)}?" if names else ""
