# SPDX-License-Identifier: GPL-2.0-or-later
"""What an exploration is bounded by, and what it says while it runs."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

DEFAULT_NEST: Mapping[str, int] = {"softirq": 3, "irq": 3, "nmi": 3, "exception": 2}
"""Frames of a kind that may be stacked on one CPU. The bound on exceptions belongs to the question
(any step of an exception may take another one); reaching one of the others makes an answer
incomplete."""

ENGINES = ("auto", "reference", "nested", "pushdown", "native")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a search. `arrivals`: deliveries of each interrupt function on each CPU, by kind
    (absent: unbounded). `seconds`: wall time; `memory`: bytes of this process; None: 80 % of what
    is free."""

    arrivals: Mapping[str, int] = field(default_factory=dict)
    nest: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None
    memory: int | None = None
    engine: str = "auto"
    first: bool = False
    """Stop at the first violation."""
    threads: int = 1
    """Threads of one search; the answer does not depend on it."""
    compact: bool = False
    """Keep a fingerprint of each state in place of the state."""
    checkpoint: Path | None = None
    """A folder to which the search is written once in a while."""
    checkpoint_seconds: float = 60.0
    resume: bool = False
    """Go on where the checkpoint ends."""
    no_reduce: frozenset[str] = frozenset()
    """Reductions (`klprove.engine.REDUCTIONS`) that are not used; only `native` has any."""

    def nesting(self, kind: str) -> int:
        """How many frames of `kind` may be stacked on one CPU."""
        return self.nest.get(kind, DEFAULT_NEST.get(kind, 1))


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures of a running search."""

    states: int
    transitions: int
    frontier: int
    depth: int
    seconds: float
    memory: int = 0
    """Bytes that its process holds."""
    said: str = ""
    """Something the user should know that does not change the answer."""


Report: TypeAlias = Callable[[Progress], None]


class Meter:
    """Watches time and memory of a search, and reports progress: when it is first asked, then about
    once a second."""

    def __init__(self, limits: Limits, report: Report | None) -> None:
        self.start = time.monotonic()
        self._limits = limits
        self._report = report
        self._memory = limits.memory or resident() + int(0.8 * _available())
        self._next = self.start
        self._said = ""

    @property
    def seconds(self) -> float:
        """Wall time since the search began."""
        return time.monotonic() - self.start

    def exhausted(self, states: int, transitions: int, frontier: int, depth: int) -> str:
        """Why the search must end now, or nothing. To be called every few thousand states."""
        now = time.monotonic()
        if self._report and now >= self._next:
            took = now - self.start
            self._report(
                Progress(states, transitions, frontier, depth, took, resident(), self._said)
            )
            self._said = ""
            self._next = now + 1.0
        if self._limits.seconds is not None and now - self.start > self._limits.seconds:
            return f"time limit of {self._limits.seconds:.2g} s reached"
        return self.lacks(0)

    def say(self, text: str) -> None:
        """Tell the user something with the next report; nothing where `text` is empty."""
        if text:
            self._said, self._next = text, time.monotonic()

    def lacks(self, more: int) -> str:
        """Why the search cannot take `more` bytes, or nothing. To be asked before taking many."""
        if resident() + more > self._memory:
            return f"memory limit of {self._memory >> 20} MiB reached"
        return ""


def resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _available() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as meminfo:
            for line in meminfo:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    return 8 << 30
