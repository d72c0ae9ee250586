# SPDX-License-Identifier: GPL-2.0-or-later
"""What comes of a schedule: a row a step, and what was compared in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from klprove.replay.schedule import Step
from klprove.replay.words import Pair

AGREED, DIFFERS, NOT_REACHED, NOT_MAPPED, MERGED, SPOILED = (
    "agreed", "differs", "not reached", "not mapped", "merged", "spoiled",
)  # fmt: skip


class Cell(NamedTuple):
    """One word at one step: what the model says, what the kernel has; both masked."""

    model: int
    kernel: int


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one step."""

    step: Step
    result: str
    """AGREED; DIFFERS; NOT_REACHED, what the model does next does not happen; NOT_MAPPED; MERGED,
    the compiler left no place for it; SPOILED, every attempt was."""
    at: str = ""
    """Where the CPU stands then: symbol and offset."""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    """By the model's name."""
    irqs: Cell | None = None
    """Are interrupts on: 1 or 0."""
    text: str = ""
    """What did not agree, or why there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A replay that came to an end."""

    rows: tuple[Row, ...]
    attempts: int
    """How often it was begun: an interrupt that the trace does not have begins it anew."""
    lost: tuple[str, ...] = ()
    """Why each machine before the last one told nothing of the kernel."""

    @property
    def first(self) -> Row | None:
        """The first step that did not agree."""
        return next((each for each in self.rows if each.result in (DIFFERS, NOT_REACHED)), None)

    @property
    def result(self) -> str:
        """AGREED to the end, or what ended it."""
        last = self.rows[-1].result
        return AGREED if last in (AGREED, NOT_MAPPED) else last


def shown(pair: Pair, value: int) -> str:
    """A masked value as people read it."""
    if pair.meant and pair.word.size == 8:
        return hex(value)
    if value >> 63:
        value -= 1 << 64
    if value >= 1 << 61:
        return f"rest+{value - (1 << 62)}" if value > 1 << 62 else "rest"
    return hex(value) if value > 255 else str(value)
