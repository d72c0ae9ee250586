# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings and the interleavings that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from klprove.source import Span

VIOLATION = "violation"
WARNING = "warning"
STORE_BUFFER = "store-buffer"
"""The kind of what drains a CPU's store buffer, in a trace."""


@dataclass(frozen=True, slots=True)
class Access:
    """One memory access of a step, by the name of the object; values as its type shows them."""

    kind: str
    """`read`, `write`, `update` (atomic read-modify-write) or `free`; with store buffers also
    `buffer`, a store of `after` that waits in one, and `forwarded`, a read from one."""
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an interleaving."""

    action: str
    """`step`, `enter` (an interrupt arrives), `exit` (its iret, or a task's end), `switch`."""
    cpu: int
    depth: int
    """How many contexts of this CPU lie below: 0 is a task."""
    kind: str
    context: str
    span: Span
    calls: tuple[str, ...] = ()
    """Inlined functions from the context's own to the innermost."""
    accesses: tuple[Access, ...] = ()
    notes: tuple[str, ...] = ()
    """What was noticed in this step: findings, warnings, witnesses, flags changed."""


class Start(NamedTuple):
    """The machine's own state of a CPU before the first step."""

    interrupts: bool
    """Interrupts are on."""
    nmis_masked: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """An interleaving, replayed step by step before it is shown."""

    initial: tuple[tuple[str, int], ...]
    """Name and value of the objects that the trace touches, before its first step."""
    events: tuple[Event, ...]
    shortest: bool = True
    """False where a shorter one may exist."""
    start: tuple[Start, ...] = ()
    """By CPU; empty: not known."""
    iret_unmasks: bool | None = None
    """The iret of every exception unmasks NMIs (`hardware_nmi` of a model); None: not known."""
    addresses: Mapping[tuple[str, int], str] = field(default_factory=dict, hash=False)
    """Of values that are addresses, by the object that holds them: what lies there, as in C."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that can happen."""

    code: str
    severity: str
    text: str
    span: Span
    trace: Trace
    site: str = ""
    """The patched function under which it was found; empty without --patch."""
