# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that a search may notice, numbered from 1 as the model names it."""

from collections.abc import Iterator
from typing import NamedTuple

from klprove.engine.catalogue import Notice, bound, notice, witness
from klprove.engine.image import FAULTS
from klprove.engine.limits import DEFAULT_NEST
from klprove.engine.points import Noted
from klprove.ir.program import Program
from klprove.verdict import VIOLATION


class Event(NamedTuple):
    """One thing that may be noticed. At most one of the four is there; `limit` says why an answer
    would be incomplete, `denied` names a kind of which an arrival was refused."""

    finding: Notice | None = None
    witness: str = ""
    limit: str = ""
    denied: str = ""

    def __str__(self) -> str:
        if self.finding is not None:
            found = self.finding
            return f"{found.severity} {found.code} at {found.span}: {found.text}"
        if self.witness:
            return f"witness {self.witness}"
        if self.denied:
            most = DEFAULT_NEST[self.denied]
            return f"incomplete: more than {most} frames of kind {self.denied}"
        return f"incomplete: {self.limit}"


class Events:
    """Hands out the numbers. What comes to the same has the same number."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._numbers: dict[Event, int] = {}
        self._events: list[Event] = []

    def number(self, context: int, noted: Noted) -> int:
        """The number of what `context` may note."""
        program = self._program
        return self._number(
            Event(
                notice(program, context, noted),
                witness(program, context, noted),
                bound(program, context, noted),
            )
        )

    def fault(self, context: int, index: int) -> dict[int, int]:
        """The number of each kind of bad access of an instruction."""
        return {kind: self.number(context, ("fault", index, kind)) for kind in FAULTS}

    def denied(self, kind: str) -> int:
        """The number of a refused arrival of a kind."""
        return self._number(Event(denied=kind))

    def invariant(self, property_: int) -> int:
        """The number of a broken invariant."""
        broken = self._program.properties[property_]
        text = f"invariant {broken.name} does not hold"
        return self._number(Event(Notice("invariant", VIOLATION, text, broken.at.span)))

    def _number(self, event: Event) -> int:
        if event not in self._numbers:
            self._events.append(event)
            self._numbers[event] = len(self._events)
        return self._numbers[event]

    def __getitem__(self, number: int) -> Event:
        return self._events[number - 1]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)
