# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdicts over all patched functions, merged, with everything they rest on."""

from collections.abc import Mapping
from dataclasses import dataclass

from klprove.check.question import Question
from klprove.verdict import (
    HOLDS,
    INCOMPLETE,
    UNSEARCHED,
    VIOLATED,
    VIOLATION,
    Bounds,
    Finding,
    Statistics,
    Verdict,
)

INTERRUPTED = "interrupted"
"""The reason of an answer that Ctrl-C ended."""
UNBEGUN = f"{UNSEARCHED}: {INTERRUPTED}"
"""The reason where it came before the search began."""


@dataclass(frozen=True, slots=True)
class Text:
    """A source file as it was read."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a `Question`."""

    question: Question
    sites: Mapping[str, Verdict]
    """By patched function, in the order of the kernel model; the one key is `""` where nothing is
    patched."""
    files: tuple[Text, ...]
    model: str
    """Digest of the kernel model, empty without one."""
    cpus: int
    seconds: float
    assumptions: tuple[str, ...]
    asked: tuple[str, ...]
    """Codes of the findings that the program could have reported: those not found were looked
    for."""
    lifted: tuple[Text, ...] = ()
    """Functions of a kernel tree, FILE:FUNCTION each, that took the place of the model's."""

    @property
    def word(self) -> str:
        """`violated` if any site is, else `incomplete` if any is, else `holds`."""
        words = {each.word for each in self.sites.values()}
        return next((word for word in (VIOLATED, INCOMPLETE) if word in words), HOLDS)

    @property
    def exit_status(self) -> int:
        """0 holds, 1 violated, 3 incomplete."""
        return {HOLDS: 0, VIOLATED: 1, INCOMPLETE: 3}[self.word]

    @property
    def complete(self) -> bool:
        """True where the search of every site was."""
        return all(each.complete for each in self.sites.values())

    @property
    def interrupted(self) -> bool:
        """True where Ctrl-C ended the search of some site, or came before it."""
        reasons = {reason for each in self.sites.values() for reason in each.reasons}
        return not reasons.isdisjoint((INTERRUPTED, UNBEGUN))

    @property
    def searched(self) -> bool:
        """True where anything is known of some site."""
        return any(each.searched for each in self.sites.values())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, by site in order, then as its verdict orders them."""
        return tuple(found for each in self.sites.values() for found in each.findings)

    @property
    def bounds(self) -> Bounds:
        """The bounds of the search, the same for every site."""
        return next((each.bounds for each in self.sites.values()), Bounds())

    @property
    def statistics(self) -> Statistics:
        """Sums over the sites; the depth is the greatest; seconds are of the whole run."""
        parts = [each.statistics for each in self.sites.values()]
        engines = sorted({part.engine for part in parts if part.engine})
        reduced = dict.fromkeys(name for part in parts for name in part.reduced)
        return Statistics(
            states=sum(part.states for part in parts),
            transitions=sum(part.transitions for part in parts),
            depth=max((part.depth for part in parts), default=0),
            seconds=self.seconds,
            engine=", ".join(engines),
            reduced=tuple(reduced),
        )

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits of model, files and bounds, for citing."""
        texts = "".join(each.sha256 for each in (*self.files, *self.lifted))
        return self.question.fingerprint(self.model + texts)

    def codes(self) -> tuple[str, ...]:
        """Codes found, violations before warnings, each in order of first appearance."""
        found = dict.fromkeys(each.code for each in self.findings if each.severity == VIOLATION)
        found |= dict.fromkeys(each.code for each in self.findings)
        return tuple(found)

    def shortest(self, code: str) -> Finding:
        """The finding of `code` with the shortest trace; the first site's among equals."""
        return min(
            (each for each in self.findings if each.code == code),
            key=lambda each: len(each.trace.events),
        )
