# SPDX-License-Identifier: GPL-2.0-or-later
"""What every search brings home: its figures, and for each finding the choices that lead to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from klprove.engine.catalogue import Notice, bound, witness
from klprove.engine.machine import Choice
from klprove.engine.points import Noted
from klprove.ir.program import Program


@dataclass(frozen=True, slots=True)
class Discovery:
    """A finding and a sequence of choices that ends with it."""

    notice: Notice
    schedule: Sequence[Choice]
    shortest: bool = True
    """False where a shorter sequence may exist."""


@dataclass(slots=True)
class Search:
    """The outcome of one exploration."""

    discoveries: list[Discovery] = field(default_factory=list)
    witnesses: set[str] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    """Why the search is incomplete; empty where every reachable state was seen."""
    states: int = 0
    transitions: int = 0
    depth: int = 0
    bytes: int = 0
    """What the states were kept in at the end, by engines that count it."""

    def keep(self, program: Program, context: int, noted: Noted) -> None:
        """What was noted while `context` ran, where it is a witness or a bound that was met."""
        name = witness(program, context, noted)
        if name:
            self.witnesses.add(name)
        reason = bound(program, context, noted)
        if reason and reason not in self.reasons:
            self.reasons.append(reason)
