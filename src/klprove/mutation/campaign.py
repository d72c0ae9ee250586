# SPDX-License-Identifier: GPL-2.0-or-later
"""A campaign: what text is changed, what is asked of each change, which change nothing.

campaigns/README.md describes the file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from klprove.check import Question
from klprove.check.tables import QUESTION, Tables
from klprove.mutation.mutants import OPERATORS

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some mutants cannot be told from the original."""

    mutants: tuple[str, ...]
    """Names; `*` stands for any text."""
    text: str

    def covers(self, name: str) -> bool:
        """True where the mutant `name` is one of them."""
        return any(_matches(each, name) for each in self.mutants)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, as its file states it."""

    title: str
    about: str
    mutate: tuple[str, ...]
    """Names of the files whose functions are changed, without folders."""
    operators: tuple[str, ...]
    questions: tuple[Question, ...]
    reasons: tuple[Reason, ...]
    path: str


def load_campaign(path: Path) -> Campaign:
    """The campaign in the file `path`. Raises BadInput "campaign" or "file"."""
    return _Reader(Tables(path, "campaign")).campaign()


class _Reader:
    def __init__(self, file: Tables) -> None:
        self._file = file

    def campaign(self) -> Campaign:
        file, top = self._file, self._file.top
        file.known(
            top,
            {"title", "about", "mutate", "operators", "seconds", "ask", "equivalent"},
            "a campaign",
        )
        operators = file.strings(top, "operators") if "operators" in top else OPERATORS
        if unknown := [each for each in operators if each not in OPERATORS]:
            raise file.wrong(f"no operator {unknown[0]!r}: {', '.join(OPERATORS)}")
        seconds = top.get("seconds", _SECONDS)
        if not isinstance(seconds, int | float) or seconds <= 0:
            raise file.wrong("`seconds` is a number above 0")
        questions = tuple(self._question(each, float(seconds)) for each in file.tables("ask"))
        if not questions:
            raise file.wrong("a campaign needs an [[ask]]")
        return Campaign(
            title=file.need(top, "title", str),
            about=top.get("about", ""),
            mutate=file.strings(top, "mutate"),
            operators=tuple(operators),
            questions=questions,
            reasons=tuple(self._reason(each) for each in file.tables("equivalent")),
            path=file.path,
        )

    def _question(self, table: Mapping[str, Any], seconds: float) -> Question:
        self._file.known(table, QUESTION, "an [[ask]]")
        return replace(self._file.question(table), seconds=seconds)

    def _reason(self, table: Mapping[str, Any]) -> Reason:
        self._file.known(table, {"mutants", "reason"}, "an [[equivalent]]")
        return Reason(self._file.strings(table, "mutants"), self._file.need(table, "reason", str))


def _matches(pattern: str, name: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL))
