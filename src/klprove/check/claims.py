# SPDX-License-Identifier: GPL-2.0-or-later
"""Claims: what somebody said, and the runs that decide it. claims/README.md describes the files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from klprove.check.question import Question
from klprove.check.tables import QUESTION, Tables
from klprove.source import BadInput, Diagnostic, Span, plain_lines

At: TypeAlias = Literal["any", "none", "all"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What "the claim is true" means for the answer of a run."""

    codes: tuple[str, ...]
    """Codes of which any one counts."""
    at: At | tuple[str, ...]
    spared: tuple[str, ...] = ()
    """Sites that are taken out beforehand."""


@dataclass(frozen=True, slots=True)
class Run:
    """A question, and what is expected of its answer."""

    question: Question
    expectations: tuple[Expectation, ...]
    about: str = ""
    """Not empty: background, which decides nothing; what it shows beside the claim."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, as its file states it."""

    number: int
    who: str
    source: str
    claim: str
    refuted_by: str
    reading: str
    runs: tuple[Run, ...]
    path: str


def load_claims(folder: Path) -> tuple[Claim, ...]:
    """The claims of `folder`, by number. Raises BadInput with everything wrong in its files."""
    if not folder.is_dir():
        raise BadInput([Diagnostic("file", Span(str(folder), 0, 0), "no such folder")])
    claims: list[Claim] = []
    wrong: list[Diagnostic] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            claims.append(_Reader(Tables(path, "claim")).claim())
        except BadInput as error:
            wrong += error.diagnostics
    if not claims and not wrong:
        wrong.append(Diagnostic("file", Span(str(folder), 0, 0), "no *.toml in this folder"))
    if wrong:
        raise BadInput(wrong)
    return tuple(sorted(claims, key=lambda each: each.number))


def _prose(text: str) -> str:
    """What somebody said, as it may stand on a page: in ASCII, and no markup of HTML."""
    return plain_lines(text).replace("&", "&amp;").replace("<", "&lt;")


_RUN = QUESTION | {"expect"}


class _Reader:
    """Turns the tables of one file into a claim, and says what cannot be."""

    def __init__(self, tables: Tables) -> None:
        self._file = tables

    def claim(self) -> Claim:
        texts = ("who", "source", "claim", "refuted_by", "reading")
        self._file.known(self._file.top, {"number", "run", "also", *texts}, "a claim")
        number = self._file.need(self._file.top, "number", int)
        if Path(self._file.path).stem.lstrip("0") != str(number):
            raise self._file.wrong(f"number {number} is not the name of the file")
        said = {key: _prose(self._file.need(self._file.top, key, str)) for key in texts[:-1]}
        runs = [self._run(each, "run") for each in self._file.tables("run")]
        if not runs:
            raise self._file.wrong("a claim needs a [[run]]")
        runs += [self._run(each, "also") for each in self._file.tables("also")]
        reading = ""
        if "reading" in self._file.top:
            reading = _prose(self._file.need(self._file.top, "reading", str))
        return Claim(number=number, reading=reading, runs=tuple(runs), path=self._file.path, **said)

    def _run(self, table: Mapping[str, Any], kind: str) -> Run:
        about = _prose(self._file.need(table, "about", str)) if kind == "also" else ""
        self._file.known(table, _RUN | ({"about"} if about else set()), f"a [[{kind}]]")
        self._file.need(table, "kernel", str)
        question = self._file.question(table)
        expected = table.get("expect", [])
        if not expected and kind == "run":
            raise self._file.wrong("a [[run]] needs an `expect`")
        return Run(question, tuple(map(self._expectation, expected)), about)

    def _expectation(self, table: Mapping[str, Any]) -> Expectation:
        self._file.known(table, {"finding", "at", "except"}, "an expectation")
        finding = self._file.need(table, "finding", (str, list))
        at = self._file.need(table, "at", (str, list))
        if isinstance(at, str) and at not in ("any", "none", "all"):
            raise self._file.wrong(f'at = "{at}": "any", "none", "all" or a list of sites')
        return Expectation(
            codes=(finding,) if isinstance(finding, str) else tuple(finding),
            at=tuple(at) if isinstance(at, list) else at,
            spared=tuple(table.get("except", ())),
        )
