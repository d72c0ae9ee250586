# SPDX-License-Identifier: GPL-2.0-or-later
"""Handlers, sites and generations against each other: which findings where, and what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from klprove.report.comparison import letters_of
from klprove.report.explanations import in_order
from klprove.report.picture.naming import inert
from klprove.verdict.compared import Compared


@dataclass(frozen=True, slots=True)
class Cell:
    """One handler at one site of one generation. `found`: a code, and where its trace stands in the
    page: its address and its steps; ("", 0) where the page has none."""

    found: Mapping[str, tuple[str, int]]
    complete: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """`cells` by numbers of handler, site and kernel; one that is absent has no such function."""

    handlers: tuple[str, ...]
    sites: tuple[str, ...]
    kernels: tuple[str, ...]
    letters: Mapping[str, str]
    cells: Mapping[tuple[int, int, int], Cell]

    def change(self, handler: int, site: int, kernel: int) -> str:
        """What is new and what is gone since the generation before, if both have such a cell."""
        now = self.cells.get((handler, site, kernel))
        before = self.cells.get((handler, site, kernel - 1))
        if now is None or before is None:
            return ""
        new = [code for code in now.found if code not in before.found]
        gone = [code for code in before.found if code not in now.found]
        said = [
            f"{word} {', '.join(each)}" for word, each in (("new", new), ("gone", gone)) if each
        ]
        return "; ".join(said)

    def data(self) -> dict[str, Any]:
        """For the script; a cell: [handler, site, kernel, complete, [code, address, steps]...]."""
        codes = list(self.letters)
        return {
            "handlers": self.handlers,
            "sites": self.sites,
            "kernels": self.kernels,
            "codes": list(self.letters.items()),
            "cells": [
                [*place, int(cell.complete), *_found(cell, codes)]
                for place, cell in self.cells.items()
            ],
        }


def _found(cell: Cell, codes: Sequence[str]) -> list[list[Any]]:
    return [[codes.index(code), *where] for code, where in cell.found.items()]


def matrix(
    answers: Sequence[Compared],
    names: Mapping[str, str],
    places: Mapping[tuple[int, str, str], tuple[str, int]],
    code: str,
    site: str,
) -> Matrix:
    """The matrix over `answers`; only of `code` and `site`, where given. `names`: what handlers are
    called. `places`: address and steps by number of the answer, site and code. Raises as reading a
    member does."""
    handlers = list(dict.fromkeys(each.handler for each in answers))
    kernels = list(dict.fromkeys(each.kernel for each in answers))
    rows = [_rows(each, code, site) for each in answers]
    sites = list(dict.fromkeys(name for each in rows for name in each))
    codes = in_order(one for row in rows for found, _ in row.values() for one in found)
    cells = {}
    for index, (answer, row) in enumerate(zip(answers, rows, strict=True)):
        for name, (found, complete) in row.items():
            place = handlers.index(answer.handler), sites.index(name), kernels.index(answer.kernel)
            where = {
                inert(each): places.get((index, name, each), ("", 0)) for each in in_order(found)
            }
            cells[place] = Cell(where, complete)
    return Matrix(
        tuple(inert(names[each]) for each in handlers),
        tuple(inert(each) or "no site" for each in sites),
        tuple(inert(each) or "no kernel" for each in kernels),
        {inert(each): letter for each, letter in letters_of(codes).items()},
        dict(sorted(cells.items())),
    )


def _rows(answer: Compared, code: str, site: str) -> dict[str, tuple[list[str], bool]]:
    """By site: the codes found there, and whether the search was complete."""
    document = answer.document
    if document is None:
        return {}
    sites = document["sites"] or {
        "": {
            "findings": sorted({str(each["code"]) for each in document["findings"]}),
            "complete": document["complete"],
        }
    }
    return {
        str(name): (
            [str(each) for each in about["findings"] if code in ("", each)],
            about["complete"] is True,
        )
        for name, about in sites.items()
        if site in ("", name)
    }
