# SPDX-License-Identifier: GPL-2.0-or-later
"""What a command found, for every format the same."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from klprove.source import NOWHERE, Span

PASS, FAIL, SKIP, INCOMPLETE = "pass", "fail", "skip", "incomplete"
"""SKIP: was not asked, or is not applicable. INCOMPLETE: was asked, and the answer is not known."""
OUTCOMES = (FAIL, INCOMPLETE, PASS, SKIP)
"""Gravest first: an item that consists of others has the gravest of theirs."""

ERROR, WARNING, NOTE, OPEN = "error", "warning", "note", "open"
"""Severities of a finding. OPEN: it cannot be told."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where steps happen: a context of a CPU, `depth` others below it."""

    cpu: int
    depth: int
    title: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an interleaving: what `lines` say, in a lane. `action` is `step`, `enter` (an
    interrupt arrives), `exit` (its iret, or a task's end) or `switch`."""

    number: int
    lane: Lane
    action: str
    lines: tuple[str, ...]
    span: Span = NOWHERE
    function: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One station of a call path: a function, and how it is reached from the one before; of the
    first one, how it is reached at all."""

    name: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found. `key`: what stays the same from run to run; `where`: a name for a
    place that is in no source file; `waived`: why it was accepted."""

    code: str
    severity: str
    text: str
    span: Span = NOWHERE
    where: str = ""
    key: str = ""
    facts: tuple[str, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()
    initial: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    path: tuple[Call, ...] = ()
    waived: str = ""

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Every lane of the steps, by CPU and depth."""
        found = {each.lane for each in self.steps}
        return tuple(sorted(found, key=lambda each: (each.cpu, each.depth, each.title)))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was asked, and its answer: `items` are its parts, else `outcome` is its own.
    `reason`: why it is not known, or was not asked; `seconds`: None where nobody measured."""

    name: str
    outcome: str = PASS
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    facts: tuple[str, ...] = ()
    seconds: float | None = None
    items: tuple["Item", ...] = ()

    @property
    def gravest(self) -> str:
        """The outcome: of the gravest part, where there are parts."""
        found = {each.gravest for each in self.items} or {self.outcome}
        return next(each for each in OUTCOMES if each in found)

    @property
    def why(self) -> str:
        """The reason, else that of the first part that makes it what it is."""
        causes = (each for each in self.items if each.gravest == self.gravest)
        return self.reason or next((each.why for each in causes), "")

    def all_findings(self) -> Iterator[tuple["Item", Finding]]:
        """Every finding, with the part that it is of."""
        yield from ((self, each) for each in self.findings)
        for item in self.items:
            yield from item.all_findings()

    def leaves(self) -> Iterator["Item"]:
        """The parts that have no parts."""
        if not self.items:
            yield self
        for item in self.items:
            yield from item.leaves()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means: `text` is why it is bad, `help` what to do or to ask next."""

    title: str
    text: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """The answer of one run of a command. `heading`: verdict and question in a line; `status`: its
    exit status; `rules`: by code; `models`: files that are klprove's own, named from the folder of
    its kernel models."""

    command: str
    heading: str
    items: tuple[Item, ...]
    status: int
    rules: dict[str, Rule] = field(default_factory=dict)
    models: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("an answer to nothing: every format wants something that was asked")

    @property
    def findings(self) -> tuple[tuple[Item, Finding], ...]:
        """Every finding, with what it is of."""
        return tuple(pair for each in self.items for pair in each.all_findings())

    @property
    def leaves(self) -> tuple[Item, ...]:
        """Everything that has an outcome of its own."""
        return tuple(leaf for each in self.items for leaf in each.leaves())

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The findings to draw, gravest, then shortest first: of each code that has interleavings
        the shortest one, and every call path."""
        grave = (ERROR, WARNING, NOTE, OPEN)
        found = [each for _, each in self.findings if each.steps or each.path]
        found.sort(key=lambda each: (grave.index(each.severity), len(each.steps)))
        first = {each.code: each for each in reversed(found) if each.steps}
        return tuple(each for each in found if not each.steps or first[each.code] is each)
