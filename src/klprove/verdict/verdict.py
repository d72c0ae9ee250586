# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer to one question, with everything it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from klprove.verdict.finding import VIOLATION, WARNING, Finding

HOLDS, VIOLATED, INCOMPLETE = "holds", "violated", "incomplete"
UNSEARCHED = "not searched"
"""How the reason of a verdict begins whose search never began."""
NO_TIME = f"{UNSEARCHED}: no time"
SCHEMA = "klprove.check/4"
"""The JSON form of an answer (docs/json.md): written by `report`, read by `reading`."""
COMPARED = "klprove.compare/1"
"""The JSON form of several answers side by side, written by `report`, read by `compared`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the search. `arrivals`: deliveries of each interrupt function on each CPU, by kind;
    a kind that is absent is unbounded. `nest`: frames of a kind that may be stacked on one CPU.
    `store_buffer`: entries of each store buffer, where a store may have to wait for one."""

    arrivals: Mapping[str, int] = field(default_factory=dict)
    nest: Mapping[str, int] = field(default_factory=dict)
    store_buffer: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Size of the search; seconds are wall time."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    engine: str = ""
    reduced: tuple[str, ...] = ()
    """The reductions behind these figures; empty: every reachable state was stored."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`holds` means: every property, in every reachable state, searched completely, no witness
    missed. `reasons` says why an answer is incomplete."""

    findings: tuple[Finding, ...]
    complete: bool
    statistics: Statistics
    bounds: Bounds
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    """Witnesses that no state reaches: the answer would be vacuous."""

    @property
    def word(self) -> str:
        """`violated`, `incomplete` or `holds`."""
        if any(each.severity == VIOLATION for each in self.findings):
            return VIOLATED
        if not self.complete or self.unreached:
            return INCOMPLETE
        return HOLDS

    @property
    def searched(self) -> bool:
        """False where the search never began: then there is nothing that was seen."""
        return not any(each.startswith(UNSEARCHED) for each in self.reasons)

    @property
    def warned(self) -> bool:
        """True where a bad state can be reached and the code itself notices it."""
        return any(each.severity == WARNING for each in self.findings)

    @property
    def exit_status(self) -> int:
        """0 holds, 1 violated, 3 incomplete."""
        return {HOLDS: 0, VIOLATED: 1, INCOMPLETE: 3}[self.word]
